/**
 * Waits between attempts that somebody may cut short: a person who does not want to wait for the next one.
 */
import type { Clock } from './clock.ts';

export type Pause = {
  /** Resolves after `delayMs`, when `cutShort` is called, or when the signal it was made with aborts. */
  wait(delayMs: number): Promise<void>;
  /** Ends the waits of now; later ones last as long as they should. */
  cutShort(): void;
};

export function createPause(options: { readonly clock: Clock; readonly signal: AbortSignal }): Pause {
  const { clock, signal } = options;
  const waiting = new Set<() => void>();
  return {
    wait: (delayMs) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const finish = (): void => {
          cancel();
          waiting.delete(finish);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        const cancel = clock.after(delayMs, finish);
        waiting.add(finish);
        signal.addEventListener('abort', finish);
      }),
    cutShort: () => {
      for (const finish of waiting) finish();
    },
  };
}
