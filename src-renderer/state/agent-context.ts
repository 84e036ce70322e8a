/**
 * How components reach the store and the agent's calls.
 */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';

import type { AgentClient } from '#contract/ipc/contract.ts';

import type { AgentLink } from '../agent-client/agent-link.ts';
import type { AgentStore, AgentView } from './store.ts';

export type AgentAccess = { readonly link: AgentLink; readonly store: AgentStore };

const AgentContext = createContext<AgentAccess | null>(null);

export const AgentProvider = AgentContext.Provider;

function useAccess(): AgentAccess {
  const access = useContext(AgentContext);
  if (access === null) throw new Error('AgentProvider is missing');
  return access;
}

/** A part of the view; draws again only when that part changes. */
export function useAgentView<T>(select: (view: AgentView) => T): T {
  return useStore(useAccess().store, select);
}

export function useAgentClient(): AgentClient {
  return useAccess().link.client;
}

export function useAgentLink(): AgentLink {
  return useAccess().link;
}
