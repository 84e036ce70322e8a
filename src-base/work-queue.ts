/**
 * A keyed work queue as controllers use it: a key waits at most once, one worker a key, failed keys come back later.
 *
 * Adding a key that is being worked on runs it once more afterwards, so that no change is missed.
 */
import { createBackoff, type Backoff } from './backoff.ts';
import type { Cancel, Clock } from './clock.ts';

export type WorkResult = {
  /** Look at the key again after this many milliseconds, at the latest. */
  readonly requeueAfterMs?: number;
};

export type WorkQueueOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  /** Closes the gap for `key`. Throwing means: try again, later each time. */
  readonly work: (key: string) => Promise<WorkResult | void>;
  readonly onError: (key: string, error: unknown, retryInMs: number) => void;
  /** Least time until `key` is tried again after `error`, in milliseconds; the back-off may make it longer. */
  readonly minRetryMs?: (error: unknown) => number;
  readonly concurrency?: number;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
};

export type WorkQueue = {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Drops what waits and resolves once what runs has ended. */
  stop(): Promise<void>;
  /** Resolves when nothing waits or runs right now; delayed keys do not count. */
  idle(): Promise<void>;
};

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, work, onError } = options;
  const concurrency = options.concurrency ?? 1;
  const waiting = new Set<string>();
  const running = new Set<string>();
  const delayed = new Map<string, { readonly due: number; readonly cancel: Cancel }>();
  const backoffs = new Map<string, Backoff>();
  let stopped = false;
  let idleListeners: (() => void)[] = [];

  const settle = (): void => {
    if (waiting.size > 0 && !stopped) return;
    if (running.size > 0) return;
    const listeners = idleListeners;
    idleListeners = [];
    for (const listener of listeners) listener();
  };

  const addAfter = (key: string, delayMs: number): void => {
    if (stopped) return;
    const due = clock.monotonic() + delayMs;
    const earlier = delayed.get(key);
    if (earlier !== undefined) {
      if (earlier.due <= due) return;
      earlier.cancel();
    }
    const cancel = clock.after(delayMs, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { due, cancel });
  };

  const retry = (key: string, error: unknown): void => {
    let backoff = backoffs.get(key);
    if (backoff === undefined) {
      backoff = createBackoff({
        firstMs: options.firstRetryMs ?? 100,
        capMs: options.maxRetryMs ?? 30_000,
        random: options.random,
      });
      backoffs.set(key, backoff);
    }
    const delayMs = Math.max(backoff.next(), options.minRetryMs?.(error) ?? 0);
    onError(key, error, delayMs);
    addAfter(key, delayMs);
  };

  const run = async (key: string): Promise<void> => {
    try {
      const result = await work(key);
      backoffs.delete(key);
      if (result?.requeueAfterMs !== undefined) addAfter(key, result.requeueAfterMs);
    } catch (error) {
      if (!stopped) retry(key, error);
    } finally {
      running.delete(key);
      pump();
    }
  };

  function pump(): void {
    for (const key of waiting) {
      if (stopped || running.size >= concurrency) break;
      if (running.has(key)) continue;
      waiting.delete(key);
      running.add(key);
      void run(key);
    }
    settle();
  }

  function add(key: string): void {
    if (stopped) return;
    waiting.add(key);
    pump();
  }

  const idle = (): Promise<void> =>
    new Promise((resolve) => {
      idleListeners.push(resolve);
      settle();
    });

  return {
    add,
    addAfter,
    idle,
    stop: async () => {
      stopped = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      waiting.clear();
      await idle();
    },
  };
}
