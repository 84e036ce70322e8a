/**
 * Handlers of the agent's API that remember what they were asked, for tests of the API's bindings.
 */
import { createListeners, type Listeners } from '#base/listeners.ts';
import type { AgentState } from '#contract/agent-state.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers, Caller } from '#contract/ipc/contract.ts';

export const emptyAgentState: AgentState = {
  revision: 1,
  agent: { version: '0', profile: 'default', runtime: 'headless', pid: 1, startedAt: '2026-01-01T00:00:00.000Z' },
  controlPlane: { kind: 'none' },
  connector: null,
  engine: { phase: 'stopped', pid: null, restarts: 0, retryAt: null, connections: [] },
  services: [],
  warnings: [],
};

export type FakeHandlers = {
  readonly handlers: AgentHandlers;
  readonly calls: { readonly name: string; readonly params: unknown }[];
  readonly gone: Caller['id'][];
  readonly states: Listeners<AgentState>;
  /** Watches that were started and not ended. */
  watchers(): number;
};

/** `service.delete` fails with SP_SERVICE_NOT_FOUND, `service.setEnabled` never answers, the rest succeeds. */
export function createFakeHandlers(): FakeHandlers {
  const calls: { name: string; params: unknown }[] = [];
  const gone: string[] = [];
  const states = createListeners<AgentState>();
  let watchers = 0;
  const done =
    (name: string) =>
    (params: unknown, caller: Caller): Promise<null> => {
      calls.push({ name, params });
      caller.onGone(() => gone.push(name));
      return Promise.resolve(null);
    };
  return {
    calls,
    gone,
    states,
    watchers: () => watchers,
    handlers: {
      calls: {
        'state.get': () => Promise.resolve(emptyAgentState),
        'controlPlane.usePlayground': done('controlPlane.usePlayground'),
        'controlPlane.listContexts': () => Promise.resolve({ path: '', contexts: [] }),
        'controlPlane.useKubeconfig': done('controlPlane.useKubeconfig'),
        'service.discover': () => Promise.resolve({ services: [], omitted: 0 }),
        'service.expose': done('service.expose'),
        'service.setEnabled': () => new Promise(() => {}),
        'service.delete': ({ name }) => Promise.reject(new AgentError('SP_SERVICE_NOT_FOUND', { name })),
        'agent.retryNow': () => Promise.resolve(null),
        'web.newLink': () => Promise.reject(new AgentError('SP_WEB_NOT_SERVED')),
      },
      watches: {
        'state.watch': (listener) => {
          watchers += 1;
          listener(emptyAgentState);
          const stop = states.add(listener);
          return () => {
            watchers -= 1;
            stop();
          };
        },
        'traffic.watch': () => () => {},
      },
    },
  };
}
