/**
 * Picks loopback ports for the playground and tells whether one is free.
 */
import { createServer } from 'node:net';

import { AgentError } from '#contract/errors/agent-error.ts';

export const loopback = '127.0.0.1';

/** Below every system's range for outgoing connections, so that a port chosen once stays ours. */
const range = { from: 20_000, to: 32_000 } as const;
const attempts = 50;

/** Whether `port` can be listened on right now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port that is not in `taken`. */
export async function chooseFreePort(taken: readonly number[], random: () => number): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = range.from + Math.floor(random() * (range.to - range.from));
    if (!taken.includes(port) && (await isPortFree(port))) return port;
  }
  throw new AgentError('SP_PLAYGROUND_FAILED', { reason: `No free port on ${loopback} was found.` });
}
