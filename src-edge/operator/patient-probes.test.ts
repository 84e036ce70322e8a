import { expect, test } from 'vitest';

import { createManualClock } from '#base/manual-clock.ts';

import { createPatientProbes } from './patient-probes.ts';
import type { ProbeAnswer } from './prober.ts';

const silence: ProbeAnswer = { kind: 'silence' };

/** A probe that is answered by hand; told to stop, it says that nobody answered, as the prober does. */
function probe() {
  let started = 0;
  let resolve: (answer: ProbeAnswer) => void = () => {};
  const run = (signal: AbortSignal): Promise<ProbeAnswer> => {
    started += 1;
    signal.addEventListener('abort', () => resolve(silence));
    return new Promise((settle) => {
      resolve = settle;
    });
  };
  return { run, started: () => started, answer: (answer: ProbeAnswer) => resolve(answer) };
}

test('a probe outlasts the pass that began it, and its answer is for the next', async () => {
  const clock = createManualClock();
  const probes = createPatientProbes(clock);
  const { run, started, answer } = probe();
  const first = probes.look('k', 's', run);
  clock.advance(2000);
  expect(await first).toBeNull();
  answer({ kind: 'unreachable', code: 'X' });
  expect(await probes.look('k', 's', run)).toEqual({ kind: 'unreachable', code: 'X' });
  expect(started()).toBe(1);
  expect(clock.pending).toBe(0);
});

test('what has changed is probed anew', async () => {
  const clock = createManualClock();
  const probes = createPatientProbes(clock);
  const [before, after] = [probe(), probe()];
  const first = probes.look('k', 'before', before.run);
  clock.advance(2000);
  await first;
  const second = probes.look('k', 'after', after.run);
  after.answer({ kind: 'unreachable', code: 'Y' });
  expect(await second).toEqual({ kind: 'unreachable', code: 'Y' });
});

test('a probe that is called off has taught nothing', async () => {
  const probes = createPatientProbes(createManualClock());
  const { run } = probe();
  const look = probes.look('k', 's', run);
  probes.close();
  expect(await look).toBeNull();
});
