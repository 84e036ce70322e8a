import { describe, expect, test } from 'vitest';

import { rfc3339, sleep, systemClock } from './clock.ts';
import { createManualClock } from './manual-clock.ts';

/** Lets everything run that waits only for promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('sleep', () => {
  test('ends after its delay, not before', async () => {
    const clock = createManualClock();
    let awake = false;
    const sleeping = sleep(clock, 100).then(() => (awake = true));
    clock.advance(99);
    await settle();
    expect(awake).toBe(false);
    clock.advance(1);
    await sleeping;
    expect(awake).toBe(true);
  });

  test('ends at once when it is aborted, and leaves no timer behind', async () => {
    const clock = createManualClock();
    const aborting = new AbortController();
    const sleeping = sleep(clock, 100, aborting.signal);
    expect(clock.pending).toBe(1);
    aborting.abort();
    await sleeping;
    expect(clock.pending).toBe(0);
  });

  test('does not begin when it is aborted already', async () => {
    const clock = createManualClock();
    await sleep(clock, 100, AbortSignal.abort());
    expect(clock.pending).toBe(0);
  });
});

describe('the clock of the process', () => {
  test('runs what is due and not what was cancelled', async () => {
    const seen: string[] = [];
    const cancel = systemClock.after(1, () => seen.push('cancelled'));
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.after(5, () => {
        seen.push('due');
        resolve();
      });
    });
    expect(seen).toEqual(['due']);
  });

  test('keeps a delay of years instead of running at once', async () => {
    let ran = false;
    const cancel = systemClock.after(2 ** 40, () => (ran = true));
    await new Promise<void>((resolve) => void systemClock.after(5, resolve));
    cancel();
    expect(ran).toBe(false);
  });

  test('does not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const cancel = systemClock.after(60_000, () => {});
    const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    cancel();
    expect(after).toBe(before);
  });
});

describe('the clock turned by hand', () => {
  test('runs timers in the order of their due times, each at its own time', () => {
    const clock = createManualClock(0);
    const seen: (readonly [string, number])[] = [];
    const note = (name: string) => (): void => void seen.push([name, clock.now()]);
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.after(20, note('c'));
    clock.advance(30);
    expect(seen).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 20],
    ]);
    expect(clock.now()).toBe(30);
  });

  test('runs what a timer sets, if it falls into the same span', () => {
    const clock = createManualClock(0);
    const seen: number[] = [];
    clock.after(10, () => clock.after(10, () => seen.push(clock.monotonic())));
    clock.advance(19);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual([20]);
  });
});

test('rfc3339 is in UTC', () => {
  expect(rfc3339(Date.UTC(2026, 10, 21, 8, 5, 3, 7))).toBe('2026-11-21T08:05:03.007Z');
});
