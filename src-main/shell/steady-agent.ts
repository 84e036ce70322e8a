/**
 * One set of handlers for the whole life of the app, whichever agent answers behind it.
 *
 * The window may find the profile's agent running in another process and attach to it; when that one ends, this
 * process opens an agent itself, and pages go on watching as if nothing had happened.
 */
import { sleep, type Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type {
  AgentHandlers,
  Caller,
  CallName,
  CallParams,
  CallResult,
  WatchItem,
  WatchName,
} from '#contract/ipc/contract.ts';

import type { OpenedAgent } from '../agent/open-agent.ts';

export type SteadyAgent = {
  readonly handlers: AgentHandlers;
  /** Resolves with the first agent that answers; rejects if none can be opened. */
  readonly opened: Promise<OpenedAgent>;
  /** Ends an own agent in order. */
  close(): Promise<void>;
};

/** A call made while the agent is being opened waits this long for it. */
const waitForAgentMs = 15_000;
const retryMs = 2000;

export function createSteadyAgent(options: {
  readonly open: () => Promise<OpenedAgent>;
  /** No agent could be opened; tried again later if one answered before. */
  readonly onFailure: (error: unknown) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): SteadyAgent {
  const { open, onFailure, clock, log } = options;
  const arrivals = createListeners<OpenedAgent>();
  let agent: OpenedAgent | null = null;
  let opening: Promise<OpenedAgent> | null = null;
  let closing = false;

  const adopt = (next: OpenedAgent): void => {
    agent = next;
    log.info('agent answers', { kind: next.kind, pid: next.pid });
    next.onClosed(() => {
      if (agent !== next) return;
      agent = null;
      log.info('attached agent has ended', { pid: next.pid });
      void reopen();
    });
    arrivals.emit(next);
  };

  const openOnce = async (): Promise<OpenedAgent> => {
    const next = await open();
    adopt(next);
    return next;
  };

  const isMissing = (): boolean => !closing && agent === null;

  async function reopen(): Promise<void> {
    while (isMissing()) {
      opening = openOnce();
      try {
        await opening;
      } catch (error) {
        onFailure(error);
        await sleep(clock, retryMs);
      }
    }
  }

  opening = openOnce();
  const opened = opening;
  // Whoever awaits it may come later than the failure.
  opened.catch(() => {});

  const present = (): Promise<OpenedAgent> => {
    if (agent !== null) return Promise.resolve(agent);
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        unsubscribe();
        cancel();
      };
      const unsubscribe = arrivals.add((next) => {
        finish();
        resolve(next);
      });
      const cancel = clock.after(waitForAgentMs, () => {
        finish();
        reject(new AgentError('SP_AGENT_CONNECTION_LOST'));
      });
    });
  };

  const call =
    <N extends CallName>(name: N) =>
    async (params: CallParams<N>, caller: Caller): Promise<CallResult<N>> =>
      (await present()).handlers.calls[name](params, caller);

  const watch =
    <N extends WatchName>(name: N) =>
    (listener: (item: WatchItem<N>) => void): (() => void) => {
      let stop = (): void => {};
      const follow = (next: OpenedAgent): void => {
        stop();
        stop = next.handlers.watches[name](listener);
      };
      const unsubscribe = arrivals.add(follow);
      if (agent !== null) follow(agent);
      return () => {
        unsubscribe();
        stop();
      };
    };

  return {
    opened,
    handlers: {
      calls: {
        'state.get': call('state.get'),
        'controlPlane.usePlayground': call('controlPlane.usePlayground'),
        'controlPlane.listContexts': call('controlPlane.listContexts'),
        'controlPlane.useKubeconfig': call('controlPlane.useKubeconfig'),
        'service.discover': call('service.discover'),
        'service.expose': call('service.expose'),
        'service.setEnabled': call('service.setEnabled'),
        'service.delete': call('service.delete'),
        'agent.retryNow': call('agent.retryNow'),
        'web.newLink': call('web.newLink'),
      },
      watches: { 'state.watch': watch('state.watch'), 'traffic.watch': watch('traffic.watch') },
    },
    close: async () => {
      closing = true;
      const last = agent ?? (await opening?.catch(() => null)) ?? null;
      agent = null;
      await last?.close({ withdraw: 'ephemeral' });
    },
  };
}
