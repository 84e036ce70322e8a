/**
 * The window's store: a projection of the agent's watches, nothing more. What a person is typing is not in here.
 */
import { createStore, type StoreApi } from 'zustand/vanilla';

import type { AgentState, TrafficSample } from '#contract/agent-state.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import type { AgentLink } from '../agent-client/agent-link.ts';
import { acceptState, acceptTraffic } from './projection.ts';

export type AgentView = {
  readonly link: LinkStatus;
  /** The last state seen; null until the first one. Out of date while `link` is lost. */
  readonly state: AgentState | null;
  readonly traffic: readonly TrafficSample[];
};

export type AgentStore = StoreApi<AgentView>;

const emptyView: AgentView = { link: { phase: 'opening' }, state: null, traffic: [] };

/** A store fed by `link`; `stop` ends its watches. */
export function connectStore(link: AgentLink): { readonly store: AgentStore; readonly stop: () => void } {
  const store = createStore<AgentView>(() => emptyView);
  const stops = [
    link.watchStatus((status) => store.setState({ link: status })),
    link.client.watch('state.watch', (next) => store.setState(({ state }) => ({ state: acceptState(state, next) }))),
    link.client.watch('traffic.watch', (next) =>
      store.setState(({ traffic }) => ({ traffic: acceptTraffic(traffic, next) })),
    ),
  ];
  return {
    store,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
