/**
 * The playground: control plane, operator and edge on this machine, shared by all processes of a profile.
 *
 * Whoever comes first runs it and says on a local socket how it is; the others follow that socket. When it closes, one
 * of them takes over, with the same ports, certificates and data.
 */
import type { Server, Socket } from 'node:net';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { createPause, type Pause } from '#base/pause.ts';
import type { PlaygroundPart } from '#contract/agent-state.ts';
import { AgentError, problemOf, type Problem } from '#contract/errors/agent-error.ts';

import { claimEndpoint } from '../local-endpoint/claim-endpoint.ts';
import { endpointPath, type EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { preparePlaygroundFiles, type PlaygroundFiles } from './playground-files.ts';
import { createPlaygroundParts, logPathOf, type PlaygroundParts, type PlaygroundProgram } from './playground-parts.ts';

export type PlaygroundAccess = {
  /** Path of the kubeconfig for people, with every right. */
  readonly adminKubeconfig: string;
  /** Where visitors arrive, such as `http://127.0.0.1:20080`. */
  readonly edgeHttp: string;
};

export type PlaygroundState = {
  readonly phase: 'starting' | 'running' | 'faulted' | 'stopped';
  /** True if this process runs the servers, false if it follows another one. */
  readonly owner: boolean;
  readonly parts: readonly PlaygroundPart[];
  /** Null until the control plane runs for the first time; operator and edge may still be starting. */
  readonly access: PlaygroundAccess | null;
  readonly problem: Problem | null;
};

export type Playground = {
  readonly state: PlaygroundState;
  onChange(listener: () => void): () => void;
  start(): void;
  /** Makes now what is waited for. Servers that another process runs are left to it. */
  retryNow(): void;
  /** Ends the servers if this process runs them. */
  stop(): Promise<void>;
};

export type PlaygroundOptions = {
  readonly directory: string;
  readonly program: PlaygroundProgram;
  /** Where the running playground can be met, apart from folder and name. */
  readonly endpoint: Omit<EndpointLocation, 'directory' | 'name'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** What the owner tells the others, one JSON line each time. */
type Bulletin = Omit<PlaygroundState, 'owner'>;

/** Between the end of one owner and the next claim: long enough for its servers to see that it is gone. */
const takeoverDelayMs = 200;
const retryAfterFailureMs = 5000;
const maxFollowers = 32;
/** A follower this far behind does not read; it is cut off and may come back. */
const maxFollowerLagBytes = 1_000_000;

const stoppedState: PlaygroundState = { phase: 'stopped', owner: false, parts: [], access: null, problem: null };

function accessOf(files: PlaygroundFiles): PlaygroundAccess {
  return {
    adminKubeconfig: files.kubeconfigs.admin,
    edgeHttp: files.edgeHttp,
  };
}

/** The socket is ours alone (mode 0600), so a whole line is one of our bulletins; the last one may be cut short. */
function parseBulletin(line: string): Bulletin | null {
  try {
    return JSON.parse(line) as Bulletin;
  } catch {
    return null;
  }
}

export function createPlayground(options: PlaygroundOptions): Playground {
  const { directory, clock, random, log } = options;
  const location: EndpointLocation = { ...options.endpoint, directory, name: 'playground' };
  const changes = createListeners<void>();
  const followers = new Set<Socket>();
  let state = stoppedState;
  let ownParts: PlaygroundParts | null = null;
  let pause: Pause | null = null;
  let ending: AbortController | null = null;
  let running: Promise<void> = Promise.resolve();

  const become = (next: PlaygroundState): void => {
    state = next;
    if (next.owner) {
      const line = `${JSON.stringify(next satisfies Bulletin)}\n`;
      for (const follower of followers) {
        if (follower.writableLength > maxFollowerLagBytes) follower.destroy();
        else follower.write(line);
      }
    }
    changes.emit();
  };

  const welcome = (follower: Socket): void => {
    if (followers.size >= maxFollowers) {
      follower.destroy();
      return;
    }
    followers.add(follower);
    follower.on('error', () => {});
    follower.on('close', () => followers.delete(follower));
    follower.resume();
    follower.write(`${JSON.stringify(state satisfies Bulletin)}\n`);
  };

  /** The state that the parts add up to. */
  const stateOf = (parts: PlaygroundParts, files: PlaygroundFiles): PlaygroundState => {
    const faulted = parts.state.find(({ phase }) => phase === 'faulted');
    const allRun = parts.state.every(({ phase }) => phase === 'running');
    const controlRuns = parts.state.some(({ name, phase }) => name === 'control' && phase === 'running');
    const access = controlRuns ? accessOf(files) : state.access;
    if (faulted === undefined) {
      return { phase: allRun ? 'running' : 'starting', owner: true, parts: parts.state, access, problem: null };
    }
    const reason = `The part “${faulted.name}” keeps stopping; its log is ${logPathOf(directory, faulted.name)}.`;
    const problem = problemOf('SP_PLAYGROUND_FAILED', { reason });
    return { phase: 'faulted', owner: true, parts: parts.state, access, problem };
  };

  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });

  const runAsOwner = async (server: Server, signal: AbortSignal): Promise<void> => {
    server.on('connection', welcome);
    become({ ...stoppedState, phase: 'starting', owner: true, access: state.access });
    let parts: PlaygroundParts | null = null;
    try {
      const { crdsDirectory } = options.program;
      const files = await preparePlaygroundFiles({ directory, crdsDirectory, clock, random });
      if (signal.aborted) return;
      const created = createPlaygroundParts({ directory, files, program: options.program, clock, random, log });
      parts = created;
      ownParts = created;
      created.onChange(() => {
        if (!signal.aborted) become(stateOf(created, files));
      });
      created.start();
      await untilAborted(signal);
    } finally {
      ownParts = null;
      await parts?.stop();
      server.close();
      for (const follower of followers) follower.destroy();
    }
  };

  /** Follows the process that runs the playground until it or this one ends. */
  const follow = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const socket = createConnection({ path: endpointPath(location) });
      const leave = (): void => void socket.destroy();
      const lines = createInterface({ input: socket });
      lines.on('line', (line) => {
        const bulletin = parseBulletin(line);
        if (bulletin !== null) become({ ...bulletin, owner: false });
      });
      lines.on('error', () => {});
      socket.on('error', () => {});
      socket.on('close', () => {
        lines.close();
        signal.removeEventListener('abort', leave);
        resolve();
      });
      signal.addEventListener('abort', leave, { once: true });
    });

  const run = async (signal: AbortSignal): Promise<void> => {
    const between = createPause({ clock, signal });
    pause = between;
    become({ ...stoppedState, phase: 'starting' });
    while (!signal.aborted) {
      try {
        const server = await claimEndpoint(location, clock);
        if (server === null) await follow(signal);
        else await runAsOwner(server, signal);
        await between.wait(takeoverDelayMs);
      } catch (error) {
        log.error('playground could not start', { error });
        const reason = error instanceof Error ? error.message : String(error);
        const problem = error instanceof AgentError ? error.problem : problemOf('SP_PLAYGROUND_FAILED', { reason });
        become({ ...state, phase: 'faulted', problem });
        await between.wait(retryAfterFailureMs);
      }
    }
    become(stoppedState);
  };

  return {
    get state() {
      return state;
    },
    onChange: (listener) => changes.add(listener),
    start: () => {
      if (ending !== null) return;
      ending = new AbortController();
      running = run(ending.signal);
    },
    retryNow: () => {
      pause?.cutShort();
      ownParts?.retryNow();
    },
    stop: async () => {
      ending?.abort();
      await running;
      ending = null;
    },
  };
}
