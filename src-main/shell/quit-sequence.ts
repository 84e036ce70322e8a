/**
 * Ends the app in order: the first wish to quit starts winding up, the app ends when that is done or takes too long.
 */
import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';

/** Withdrawing, draining and ending the servers take a few seconds; beyond this something hangs. */
const limitMs = 25_000;

/** Returns the listener for Electron's `before-quit`. */
export function createQuitSequence(options: {
  /** Resolves once everything has ended. */
  readonly windUp: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): (event: { preventDefault(): void }) => void {
  const { windUp, exit, clock, log } = options;
  let started = false;
  const run = async (): Promise<void> => {
    const outcome = await Promise.race([
      windUp().then(
        () => 'done' as const,
        (error: unknown) => {
          log.error('winding up failed', { error });
          return 'failed' as const;
        },
      ),
      sleep(clock, limitMs).then(() => 'late' as const),
    ]);
    if (outcome === 'late') log.error('winding up takes too long and is cut short', { limitMs });
    exit(outcome === 'done' ? 0 : 1);
  };
  return (event) => {
    event.preventDefault();
    if (started) return;
    started = true;
    void run();
  };
}
