/**
 * SIGINT and SIGTERM as one signal to wind up; a second one ends the process at once.
 */

/** Exit code of a process that a signal ended, as shells count: 128 + SIGINT. */
const interrupted = 130;

/** Aborts on the first SIGINT or SIGTERM. Call once in a process. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const end = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    controller.abort();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  return controller.signal;
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
