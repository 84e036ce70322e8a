/**
 * Turns "something changed" into whole states for watchers: at most ten a second, and only if they differ.
 */
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { AgentState } from '#contract/agent-state.ts';

export type StatePublisher = {
  /** The present state, projected now. */
  current(): AgentState;
  /** Something that the state is made of has changed. */
  touch(): void;
  /** Calls `listener` with the present state at once, then after changes. Returns what ends that. */
  watch(listener: (state: AgentState) => void): () => void;
  stop(): void;
};

/** Ten a second is as often as a person or a script can make use of. */
const minIntervalMs = 100;

export function createStatePublisher(options: {
  readonly project: () => Omit<AgentState, 'revision'>;
  readonly clock: Clock;
}): StatePublisher {
  const { project, clock } = options;
  const published = createListeners<AgentState>();
  let revision = 0;
  let text = '';
  let state: AgentState | null = null;
  let emittedAt = Number.NEGATIVE_INFINITY;
  let emittedRevision = 0;
  let cancel: (() => void) | null = null;
  let stopped = false;

  const current = (): AgentState => {
    const next = project();
    const nextText = JSON.stringify(next);
    if (state === null || nextText !== text) {
      revision += 1;
      text = nextText;
      state = { revision, ...next };
    }
    return state;
  };

  const emit = (): void => {
    cancel = null;
    const next = current();
    if (next.revision === emittedRevision) return;
    emittedRevision = next.revision;
    emittedAt = clock.monotonic();
    published.emit(next);
  };

  return {
    current,
    touch: () => {
      if (cancel !== null || stopped) return;
      cancel = clock.after(Math.max(0, emittedAt + minIntervalMs - clock.monotonic()), emit);
    },
    watch: (listener) => {
      listener(current());
      return published.add(listener);
    },
    stop: () => {
      stopped = true;
      cancel?.();
      cancel = null;
    },
  };
}
