/**
 * One set of handlers for the whole life of the app, whichever agent answers behind it.
 *
 * The window may find the profile's agent running in another process and attach to it; when that one ends, this
 * process opens an agent itself, and pages go on watching as if nothing had happened.
 */
import { sleep, type Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { AgentError, toAgentError, type Problem } from '#contract/errors/agent-error.ts';
import type {
  AgentHandlers,
  Caller,
  CallName,
  CallParams,
  CallResult,
  WatchItem,
  WatchName,
} from '#contract/ipc/contract.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import type { OpenedAgent } from '../agent/open-agent.ts';

export type SteadyAgent = {
  readonly handlers: AgentHandlers;
  /** Resolves with the first agent that answers; rejects if none can be opened. */
  readonly opened: Promise<OpenedAgent>;
  /** Whether an agent answers: the present status at once, then each change. Returns what ends the watch. */
  readonly watchLink: (listener: (status: LinkStatus) => void) => () => void;
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
  const statuses = createListeners<LinkStatus>();
  let status: LinkStatus = { phase: 'opening' };
  /** Ends the pause before the next attempt. */
  let wake = new AbortController();

  const setStatus = (next: LinkStatus): void => {
    status = next;
    statuses.emit(next);
  };
  const setLost = (retryAtMs: number | null, problem: Problem | null): void => {
    const sinceMs = status.phase === 'lost' ? status.sinceMs : clock.now();
    setStatus({ phase: 'lost', sinceMs, retryAtMs, problem });
  };

  const adopt = (next: OpenedAgent): void => {
    agent = next;
    log.info('agent answers', { kind: next.kind, pid: next.pid });
    next.onClosed(() => {
      if (agent !== next) return;
      agent = null;
      log.info('attached agent has ended', { pid: next.pid });
      void reopen();
    });
    setStatus({ phase: 'open' });
    arrivals.emit(next);
  };

  const openOnce = async (): Promise<OpenedAgent> => {
    const next = await open();
    adopt(next);
    return next;
  };

  const isMissing = (): boolean => !closing && agent === null;

  async function reopen(): Promise<void> {
    let problem: Problem | null = null;
    while (isMissing()) {
      setLost(null, problem);
      opening = openOnce();
      try {
        await opening;
      } catch (error) {
        onFailure(error);
        ({ problem } = toAgentError(error));
        setLost(clock.now() + retryMs, problem);
        wake = new AbortController();
        await sleep(clock, retryMs, wake.signal);
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
        // While there is no agent, what is waited for is the agent itself.
        'agent.retryNow': async (params, caller) => {
          if (agent !== null) return agent.handlers.calls['agent.retryNow'](params, caller);
          wake.abort();
          return null;
        },
        'web.newLink': call('web.newLink'),
      },
      watches: { 'state.watch': watch('state.watch'), 'traffic.watch': watch('traffic.watch') },
    },
    watchLink: (listener) => {
      listener(status);
      return statuses.add(listener);
    },
    close: async () => {
      closing = true;
      wake.abort();
      const last = agent ?? (await opening?.catch(() => null)) ?? null;
      agent = null;
      await last?.close({ withdraw: 'ephemeral' });
    },
  };
}
