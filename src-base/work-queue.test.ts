import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createManualClock } from './manual-clock.ts';
import { createWorkQueue, type WorkQueueOptions, type WorkResult } from './work-queue.ts';

/** Lets everything run that waits only for promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A queue whose work the test ends by hand. */
function createBench(options: Partial<WorkQueueOptions> = {}) {
  const clock = createManualClock();
  const started: string[] = [];
  const errors: { readonly key: string; readonly retryInMs: number }[] = [];
  const running: { readonly key: string; end(result?: WorkResult): void; fail(error: unknown): void }[] = [];
  const queue = createWorkQueue({
    clock,
    random: () => 0.999,
    work: (key) =>
      new Promise((resolve, reject) => {
        started.push(key);
        running.push({ key, end: (result) => resolve(result), fail: reject });
      }),
    onError: (key, _error, retryInMs) => errors.push({ key, retryInMs }),
    ...options,
  });
  const take = (key: string) => {
    const index = running.findIndex((pass) => pass.key === key);
    const [pass] = running.splice(index, 1);
    if (index === -1 || pass === undefined) throw new Error(`${key} does not run`);
    return pass;
  };
  return {
    clock,
    queue,
    started,
    errors,
    running,
    end: async (key: string, result?: WorkResult) => {
      take(key).end(result);
      await settle();
    },
    fail: async (key: string, error: unknown = new Error('no')) => {
      take(key).fail(error);
      await settle();
    },
  };
}

describe('a key', () => {
  test('that is added again while it waits runs once', async () => {
    const { queue, started, end } = createBench();
    queue.add('busy');
    queue.add('a');
    queue.add('a');
    await end('busy');
    await end('a');
    expect(started).toEqual(['busy', 'a']);
  });

  test('that is added while it runs, runs once more afterwards', async () => {
    const { queue, started, end } = createBench({ concurrency: 4 });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
  });

  test('that fails comes back later each time, and at once when it is added', async () => {
    const { clock, queue, started, errors, fail } = createBench({ firstRetryMs: 100, maxRetryMs: 300 });
    queue.add('a');
    for (const _ of [1, 2, 3]) {
      await fail('a');
      clock.advance(300);
    }
    expect(errors.map(({ retryInMs }) => retryInMs)).toEqual([100, 200, 300]);
    expect(started).toHaveLength(4);
    await fail('a');
    queue.add('a');
    expect(started).toHaveLength(5);
  });

  test('starts its back-off over once it has succeeded', async () => {
    const { clock, queue, errors, end, fail } = createBench({ firstRetryMs: 100 });
    queue.add('a');
    await fail('a');
    clock.advance(100);
    await end('a');
    queue.add('a');
    await fail('a');
    expect(errors.map(({ retryInMs }) => retryInMs)).toEqual([100, 100]);
  });

  test('waits at least as long as its error demands', async () => {
    const { clock, queue, started, errors, fail } = createBench({ minRetryMs: () => 5000 });
    queue.add('a');
    await fail('a');
    expect(errors).toEqual([{ key: 'a', retryInMs: 5000 }]);
    clock.advance(4999);
    expect(started).toHaveLength(1);
    clock.advance(1);
    expect(started).toHaveLength(2);
  });

  test('comes back when its result asks for it', async () => {
    const { clock, queue, started, end } = createBench();
    queue.add('a');
    await end('a', { requeueAfterMs: 1000 });
    clock.advance(999);
    expect(started).toHaveLength(1);
    clock.advance(1);
    expect(started).toHaveLength(2);
  });

  test('that is delayed twice runs once, at the earlier time', async () => {
    const { clock, queue, started, end } = createBench();
    queue.addAfter('a', 500);
    queue.addAfter('a', 1000);
    queue.addAfter('a', 200);
    clock.advance(200);
    expect(started).toEqual(['a']);
    await end('a');
    clock.advance(2000);
    expect(started).toEqual(['a']);
  });

  test('whose work throws before its first await counts as failed', async () => {
    const { clock, queue, errors } = createBench({
      work: () => {
        throw new Error('at once');
      },
    });
    queue.add('a');
    await settle();
    expect(errors).toHaveLength(1);
    expect(clock.pending).toBe(1);
    await queue.stop();
  });
});

describe('stopping', () => {
  test('drops what waits, ends once what runs has ended, and starts nothing more', async () => {
    const { clock, queue, started, end } = createBench();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    await end('a', { requeueAfterMs: 10 });
    await stopping;
    queue.add('d');
    queue.addAfter('e', 10);
    clock.advance(10_000);
    expect(started).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  test('a failure after it is not retried', async () => {
    const { clock, queue, errors, fail } = createBench();
    queue.add('a');
    const stopping = queue.stop();
    await fail('a');
    await stopping;
    expect(errors).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

test('idle waits for what waits and runs, not for what is delayed', async () => {
  const { queue, end } = createBench();
  await queue.idle();
  queue.addAfter('later', 1000);
  queue.add('a');
  queue.add('b');
  let idle = false;
  const waiting = queue.idle().then(() => (idle = true));
  await end('a');
  expect(idle).toBe(false);
  await end('b');
  await waiting;
});

type Step =
  | { readonly do: 'add'; readonly key: string }
  | { readonly do: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'end' | 'fail'; readonly pick: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key }),
  fc.record({ do: fc.constant('addAfter' as const), key, ms: fc.integer({ min: 0, max: 2000 }) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 2000 }) }),
  fc.record({ do: fc.constantFrom('end' as const, 'fail' as const), pick: fc.nat() }),
);

test('in any history: one worker a key, no more workers than allowed, no added key without a later pass', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (concurrency, steps) => {
      const bench = createBench({ concurrency });
      const { clock, queue, running, started } = bench;
      /** How many passes of a key had begun when it was last asked for. */
      const passesWhenAsked = new Map<string, number>();
      const passesOf = (name: string): number => started.filter((each) => each === name).length;
      const ask = (name: string): void => void passesWhenAsked.set(name, passesOf(name));
      const check = (): void => {
        const keys = running.map((pass) => pass.key);
        expect(new Set(keys).size).toBe(keys.length);
        expect(keys.length).toBeLessThanOrEqual(concurrency);
      };
      for (const each of steps) {
        if (each.do === 'add') {
          ask(each.key);
          queue.add(each.key);
        } else if (each.do === 'addAfter') {
          ask(each.key);
          queue.addAfter(each.key, each.ms);
        } else if (each.do === 'advance') clock.advance(each.ms);
        else {
          const pass = running[each.pick % Math.max(1, running.length)];
          if (pass !== undefined) {
            if (each.do === 'fail') ask(pass.key);
            await bench[each.do](pass.key);
          }
        }
        check();
      }
      for (let pass = running[0]; pass !== undefined || clock.pending > 0; pass = running[0]) {
        if (pass === undefined) clock.advance(60_000);
        else await bench.end(pass.key);
        check();
      }
      await queue.idle();
      for (const [name, passes] of passesWhenAsked) expect(passesOf(name)).toBeGreaterThan(passes);
    }),
    { numRuns: 300 },
  );
});
