/**
 * Listens on a local socket that only one process at a time may hold, and takes it over from one that was killed.
 */
import { chmod, open, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';

import { sleep, type Clock } from '#base/clock.ts';
import { AgentError } from '#contract/errors/agent-error.ts';

import { isRefusedByDisk, notSaved } from '../state/private-files.ts';
import { endpointPath, prepareEndpointDirectory, type EndpointLocation } from './endpoint-path.ts';

const connectTimeoutMs = 2000;
/** A claim takes milliseconds; a guard this old belongs to a process that died while claiming. */
const guardStaleMs = 5000;
const guardRetryMs = 20;

/** Whether somebody listens at `path`. */
export function isEndpointAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path, timeout: connectTimeoutMs });
    const finish = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => finish(true));
    // Listening but too busy to answer is alive as well.
    socket.once('timeout', () => finish(true));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish(error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED'),
    );
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // A connection that could not be accepted (no descriptor left) is that client's matter; without a listener it
      // would end this process.
      server.on('error', () => {});
      resolve(server);
    });
  });
}

/** Runs `work` while no other process runs it for the same path: testing and replacing a socket are two steps. */
async function guarded<T>(path: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const guard = `${path}.claim`;
  const deadline = clock.monotonic() + 2 * guardStaleMs;
  for (;;) {
    try {
      await (await open(guard, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || clock.monotonic() > deadline) throw error;
    }
    const made = await stat(guard).catch(() => null);
    if (made !== null && clock.now() - made.mtimeMs > guardStaleMs) await rm(guard, { force: true });
    else await sleep(clock, guardRetryMs);
  }
  try {
    return await work();
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * A server that listens at the location, or null if a living process already does. The caller closes it. Throws
 * SP_STATE_NOT_SAVED if the disk refuses the socket, else SP_INTERNAL.
 */
export async function claimEndpoint(location: EndpointLocation, clock: Clock): Promise<Server | null> {
  const path = endpointPath(location);
  try {
    await prepareEndpointDirectory(location);
  } catch (error) {
    throw unusable(path, error);
  }
  if (location.platform === 'win32') {
    // A named pipe ends with its process, so there is nothing stale to take over.
    return listen(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return null;
      throw error;
    });
  }
  try {
    return await guarded(path, clock, async () => {
      if (await isEndpointAlive(path)) return null;
      await rm(path, { force: true });
      const server = await listen(path);
      // SECURITY: whoever can connect can publish; the folder is private already, the socket is too.
      await chmod(path, 0o600);
      return server;
    });
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  if (isRefusedByDisk(error)) return notSaved(path, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new AgentError('SP_INTERNAL', { reason: `The local socket ${path}: ${reason}` }, { cause: error });
}
