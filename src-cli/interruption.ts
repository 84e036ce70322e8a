/**
 * SIGINT, SIGTERM and a reader that went away as one signal to wind up; a second SIGINT or SIGTERM ends the process at
 * once.
 */

/** Exit code of a process that a signal ended, as shells count: 128 + SIGINT. */
const interrupted = 130;

/** Aborts on the first SIGINT or SIGTERM, or once nobody reads `output` any more (`| head`). Call once in a process. */
export function interruption(output: NodeJS.WriteStream): AbortSignal {
  const controller = new AbortController();
  const end = (): void => {
    if (controller.signal.aborted) process.exit(interrupted);
    controller.abort();
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  // What was published must still be withdrawn; a stack trace would help nobody.
  output.on('error', () => controller.abort());
  return controller.signal;
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
