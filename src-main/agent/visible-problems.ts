/**
 * Hides problems that pass by themselves within a moment: while things start, each waits for another for a little while.
 */
import type { Cancel, Clock } from '#base/clock.ts';
import type { Problem } from '#contract/errors/agent-error.ts';

export type VisibleProblems = {
  /** `problem` of `subject`, or null until it has lasted long enough. */
  readonly filter: (subject: string, problem: Problem | null) => Problem | null;
  stop(): void;
};

/** Longer than a step of publishing takes, shorter than a person's patience. */
const visibleAfterMs = 1000;

type Seen = { readonly sinceMs: number; readonly cancel: Cancel };

/** `touch` is called when a problem becomes visible. */
export function createVisibleProblems(options: { readonly clock: Clock; readonly touch: () => void }): VisibleProblems {
  const { clock, touch } = options;
  const seen = new Map<string, Seen>();
  return {
    filter: (subject, problem) => {
      const known = seen.get(subject);
      if (problem === null) {
        known?.cancel();
        seen.delete(subject);
        return null;
      }
      if (known === undefined) {
        const cancel = clock.after(visibleAfterMs, touch);
        seen.set(subject, { sinceMs: clock.monotonic(), cancel });
        return null;
      }
      // One cause may give way to the next; that there is one all the time is what counts.
      return clock.monotonic() - known.sinceMs >= visibleAfterMs ? problem : null;
    },
    stop: () => {
      for (const { cancel } of seen.values()) cancel();
      seen.clear();
    },
  };
}
