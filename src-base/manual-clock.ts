/**
 * A clock that a test turns by hand: nothing happens until `advance`, and then in the order of the due times.
 * Not part of the product.
 */
import type { Clock } from './clock.ts';

export type ManualClock = Clock & {
  /** Lets `ms` pass and runs what falls due, each at its own time. */
  advance(ms: number): void;
  /** Timers that have neither run nor been cancelled. */
  readonly pending: number;
};

type Timer = { readonly due: number; readonly run: () => void };

/** `startMs` is what `now` says first; `monotonic` starts at 0. */
export function createManualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  // In the order in which they were set, so that of two timers due together the older runs first.
  const timers = new Set<Timer>();
  const nextUntil = (limit: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) if (timer.due <= limit && (next === undefined || timer.due < next.due)) next = timer;
    return next;
  };
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    after: (delayMs, run) => {
      const timer = { due: elapsed + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timers.delete(timer);
        elapsed = timer.due;
        timer.run();
      }
      elapsed = end;
    },
    get pending() {
      return timers.size;
    },
  };
}
