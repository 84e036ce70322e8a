/**
 * The readiness ladder of one service: which steps are done, which is being worked on, and how long each took. Pure.
 */
import type { ServiceStep, ServiceStepId } from '#contract/agent-state.ts';

/** In this order; a step counts only once all before it are done. */
const ladderSteps: readonly ServiceStepId[] = ['declared', 'tunnel', 'hostname', 'route', 'answer'];

/** What was observed for each step by itself. */
export type LadderFacts = Readonly<Record<ServiceStepId, boolean>>;

export type Ladder = {
  /** When publishing began, milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** Milliseconds from then to the end of each step, for the steps that are done. */
  readonly doneAfterMs: Readonly<Partial<Record<ServiceStepId, number>>>;
};

function reachedSteps(facts: LadderFacts): readonly ServiceStepId[] {
  const firstOpen = ladderSteps.findIndex((step) => !facts[step]);
  return firstOpen === -1 ? ladderSteps : ladderSteps.slice(0, firstOpen);
}

/** The ladder after an observation. A step that was done and no longer is starts the clock again. */
export function advanceLadder(ladder: Ladder | undefined, facts: LadderFacts, nowMs: number): Ladder {
  const reached = reachedSteps(facts);
  const lost = ladderSteps.some((step) => ladder?.doneAfterMs[step] !== undefined && !reached.includes(step));
  const startedAtMs = ladder === undefined || lost ? nowMs : ladder.startedAtMs;
  const doneAfterMs = Object.fromEntries(
    reached.map((step) => {
      const known = ladder?.doneAfterMs[step];
      return [step, known === undefined ? nowMs - startedAtMs : lost ? 0 : known];
    }),
  );
  return { startedAtMs, doneAfterMs };
}

/** The steps as they are shown; the first open one has failed if there is a problem. */
export function stepsOf(ladder: Ladder | undefined, hasProblem: boolean): readonly ServiceStep[] {
  const firstOpen = ladderSteps.findIndex((step) => ladder?.doneAfterMs[step] === undefined);
  return ladderSteps.map((id, index) => {
    const doneAfterMs = ladder?.doneAfterMs[id] ?? null;
    if (doneAfterMs !== null) return { id, phase: 'done', doneAfterMs };
    const open = hasProblem ? 'failed' : 'active';
    return { id, phase: index === firstOpen && ladder !== undefined ? open : 'pending', doneAfterMs: null };
  });
}

export function isComplete(ladder: Ladder | undefined): boolean {
  return ladder !== undefined && ladderSteps.every((step) => ladder.doneAfterMs[step] !== undefined);
}
