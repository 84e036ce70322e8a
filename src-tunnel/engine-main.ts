/**
 * Entry of the engine process: Electron's utilityProcess or a forked Node process. The only file that touches `process`.
 */
import { systemClock } from '#base/clock.ts';

import { runEngineProcess, type EnginePort } from './engine-process.ts';

/** What Electron puts on `process` in a utility process. */
type ParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
};

function choosePort(): EnginePort | null {
  const { parentPort } = process as unknown as { readonly parentPort?: ParentPort };
  if (parentPort !== undefined) {
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort has no origin
      send: (message) => parentPort.postMessage(message),
      onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
      onClose: (listener) => parentPort.on('close', listener),
    };
  }
  if (process.send === undefined) return null;
  return {
    send: (message) => {
      // The parent may go between two messages; 'disconnect' ends this process then.
      if (process.connected) process.send?.(message, undefined, undefined, () => {});
    },
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.once('disconnect', listener),
  };
}

const port = choosePort();
if (port === null) {
  process.stderr.write('The tunnel engine is started by the agent, not by hand.\n');
  // EX_USAGE
  process.exit(64);
}
runEngineProcess({
  port,
  pid: process.pid,
  clock: systemClock,
  random: Math.random,
  exit: (code) => process.exit(code),
});
