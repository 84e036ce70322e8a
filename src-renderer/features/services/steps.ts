/**
 * The steps from declared to answered: what they are called and how long each took. Pure.
 */
import type { ServiceStep, ServiceStepId } from '#contract/agent-state.ts';

export const stepNames: Readonly<Record<ServiceStepId, string>> = {
  declared: 'Declared',
  tunnel: 'Tunnel',
  hostname: 'Hostname',
  route: 'Route',
  answer: 'Answer',
};

export const stepPhaseWords: Readonly<Record<ServiceStep['phase'], string>> = {
  done: 'done',
  active: 'in progress',
  pending: 'not yet',
  failed: 'failed',
};

/** Milliseconds that each step took by itself; null for those that are not done. */
export function stepDurations(steps: readonly ServiceStep[]): readonly (number | null)[] {
  return steps.map(({ doneAfterMs }, index) =>
    doneAfterMs === null ? null : Math.max(0, doneAfterMs - (steps[index - 1]?.doneAfterMs ?? 0)),
  );
}
