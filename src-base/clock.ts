/**
 * Time as a port: whoever waits or reads the time takes a Clock, so that tests own it.
 */

/** Ends what it stands for; calling it again does nothing. */
export type Cancel = () => void;

export type Clock = {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Cancel;
};

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}

/** `at` (milliseconds since the Unix epoch) as RFC 3339 in UTC. */
export function rfc3339(at: number): string {
  return new Date(at).toISOString();
}

/** Longest delay a timer can hold; what is longer would run at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The clock of the process. Delays beyond 24 days are cut to that. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, maxTimerMs));
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};
