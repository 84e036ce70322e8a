/**
 * Chooses the line to the agent: the preload's bridge in the app, a WebSocket to where the page came from otherwise.
 */
import type { AgentLink } from './agent-link.ts';
import { createPreloadLink } from './preload-link.ts';
import { createWebSocketLink } from './websocket-link.ts';

/** Path of the agent's WebSocket on the server that serves the page. */
const agentPath = '/agent';

export function openAgentLink(page: Window): AgentLink {
  if (page.agent !== undefined) return createPreloadLink(page.agent);
  const address = new URL(agentPath, page.location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return createWebSocketLink({
    connect: () => new WebSocket(address),
    now: () => Date.now(),
    random: () => Math.random(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
}
