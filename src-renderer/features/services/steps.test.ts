import { expect, test } from 'vitest';

import type { ServiceStep } from '#contract/agent-state.ts';

import { stepDurations } from './steps.ts';

test('each step took what passed since the one before it', () => {
  const step = (doneAfterMs: number | null): ServiceStep => ({
    id: 'declared',
    phase: doneAfterMs === null ? 'active' : 'done',
    doneAfterMs,
  });
  expect(stepDurations([step(40), step(340), step(340), step(null)])).toEqual([40, 300, 0, null]);
});
