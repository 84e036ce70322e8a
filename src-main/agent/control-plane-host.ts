/**
 * Follows the chosen control plane: runs the playground if it is that, and opens a session once there is a kubeconfig.
 *
 * One at a time: choosing another one ends what runs before it begins anew.
 */
import { createBackoff } from '#base/backoff.ts';
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { createPause } from '#base/pause.ts';
import { toAgentError, type Problem } from '#contract/errors/agent-error.ts';

import type { Playground } from '../playground/playground.ts';
import type { SavedControlPlane } from '../state/saved-state.ts';
import type { ControlPlaneSession } from './control-plane-session.ts';
import { readTarget, type ControlPlaneTarget } from './control-plane-target.ts';

export type ControlPlaneHost = {
  readonly chosen: SavedControlPlane;
  readonly playground: Playground | null;
  readonly session: ControlPlaneSession | null;
  /** Namespace of the session. */
  readonly namespace: string;
  /** Why there is no session. */
  readonly problem: Problem | null;
  onChange(listener: () => void): () => void;
  /** Ends what runs and follows `chosen`. */
  follow(chosen: SavedControlPlane): Promise<void>;
  /** Makes now what is waited for: a part that keeps stopping, a control plane that could not be used. */
  retryNow(): void;
  stop(): Promise<void>;
};

/** How a session on a control plane is made. */
export type OpenSession = (target: ControlPlaneTarget) => Promise<ControlPlaneSession>;

const firstRetryMs = 500;
const maxRetryMs = 15_000;
/** How often the kubeconfig of a control plane that cannot be used is read again. */
const rereadMs = 3000;

export function createControlPlaneHost(options: {
  readonly openSession: OpenSession;
  readonly createPlayground: () => Playground;
  /** Path of the playground's kubeconfig for the agent. */
  readonly playgroundKubeconfig: string;
  /** Called when nothing is published any more on the control plane that is left, while its playground still runs. */
  readonly onLeaving: () => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): ControlPlaneHost {
  const { openSession, clock, random, log } = options;
  const changes = createListeners<void>();
  const touch = (): void => changes.emit();
  let chosen: SavedControlPlane = { kind: 'none' };
  let playground: Playground | null = null;
  let session: ControlPlaneSession | null = null;
  let namespace = '';
  let problem: Problem | null = null;
  let ending = new AbortController();
  let pause = createPause({ clock, signal: ending.signal });
  let running: Promise<void> = Promise.resolve();
  let switching: Promise<void> = Promise.resolve();

  const openSessionOn = async (target: ControlPlaneTarget): Promise<void> => {
    ({ namespace } = target);
    session = await openSession(target);
    session.onChange(touch);
    session.start();
    problem = null;
    touch();
  };

  /** A session on the kubeconfig, and another one when the file says something else while the session does not work. */
  const followKubeconfig = async (signal: AbortSignal): Promise<void> => {
    let used = '';
    const open = async (): Promise<void> => {
      const target = await readTarget(chosen, options.playgroundKubeconfig);
      const text = target.kubeConfig.exportConfig();
      if (text === used) return;
      await session?.stop();
      session = null;
      await openSessionOn(target);
      used = text;
    };
    await openUntilDone(open, signal);
    while (!signal.aborted) {
      await pause.wait(rereadMs);
      const kind = session?.reachability.kind;
      // A new token, certificate or address comes by the file: `kubectl` users are used to its being read each time.
      if (signal.aborted || kind === 'connected' || kind === 'connecting') continue;
      await open().catch((error: unknown) => log.warn('kubeconfig cannot be read again', { error }));
    }
  };

  /** Tries until it works: a kubeconfig may be written or mended while we wait. */
  const openUntilDone = async (open: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    const backoff = createBackoff({ firstMs: firstRetryMs, capMs: maxRetryMs, random });
    while (!signal.aborted) {
      try {
        await open();
        return;
      } catch (error) {
        log.warn('control plane cannot be used', { error });
        ({ problem } = toAgentError(error));
        touch();
        await pause.wait(backoff.next());
      }
    }
  };

  /** A session on the playground as soon as its control plane runs; again whenever a take-over moved it to other ports. */
  const followPlayground = async (current: Playground, signal: AbortSignal): Promise<void> => {
    let server = '';
    let queue: Promise<void> = Promise.resolve();
    const look = async (): Promise<void> => {
      if (signal.aborted || current.state.access === null) return;
      const target = await readTarget(chosen, options.playgroundKubeconfig);
      const address = target.kubeConfig.getCurrentCluster()?.server ?? '';
      if (address === server) return;
      await session?.stop();
      session = null;
      await openUntilDone(() => openSessionOn(target), signal);
      server = address;
    };
    await new Promise<void>((resolve) => {
      const unsubscribe = current.onChange(() => {
        touch();
        queue = queue.then(look).catch((error: unknown) => log.warn('playground cannot be used', { error }));
      });
      signal.addEventListener('abort', () => {
        unsubscribe();
        resolve();
      });
      current.start();
    });
    await queue;
  };

  const begin = (): void => {
    const { signal } = ending;
    if (chosen.kind === 'playground') {
      playground = options.createPlayground();
      running = followPlayground(playground, signal);
    } else if (chosen.kind === 'kubeconfig') {
      running = followKubeconfig(signal);
    }
    touch();
  };

  const end = async (onLeaving: () => Promise<void>): Promise<void> => {
    ending.abort();
    await running;
    running = Promise.resolve();
    await session?.stop();
    session = null;
    await onLeaving();
    await playground?.stop();
    playground = null;
    problem = null;
    ending = new AbortController();
    pause = createPause({ clock, signal: ending.signal });
  };

  const serially = (work: () => Promise<void>): Promise<void> => {
    const done = switching.then(work);
    switching = done.catch(() => {});
    return done;
  };

  return {
    get chosen() {
      return chosen;
    },
    get playground() {
      return playground;
    },
    get session() {
      return session;
    },
    get namespace() {
      return namespace;
    },
    get problem() {
      return problem;
    },
    onChange: (listener) => changes.add(listener),
    follow: (next) =>
      serially(async () => {
        await end(options.onLeaving);
        chosen = next;
        begin();
      }),
    retryNow: () => {
      pause.cutShort();
      playground?.retryNow();
      session?.retryNow();
    },
    stop: () => serially(() => end(() => Promise.resolve())),
  };
}
