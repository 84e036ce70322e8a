/**
 * The one agent of a profile: started here, or found running in another process and attached to.
 */
import type { AgentHandlers } from '#contract/ipc/contract.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { sleep } from '#base/clock.ts';

import { attachToRunningAgent } from '../api/attached-agent.ts';
import { openLocalServer } from '../api/local-server.ts';
import type { EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { createAgent, type AgentOptions } from './agent.ts';

export type OpenedAgent = {
  /** own: it runs in this process. attached: it runs in the process `pid`. */
  readonly kind: 'own' | 'attached';
  readonly pid: number;
  readonly handlers: AgentHandlers;
  /** Called once when an attached agent has ended; never for an own one. */
  onClosed(listener: () => void): () => void;
  /** Ends an own agent in order, leaves an attached one running. */
  close(options: { readonly withdraw: 'ephemeral' | 'none' }): Promise<void>;
};

/** An agent that is just ending holds its socket a little longer than it answers. */
const attempts = 50;
const retryMs = 200;

/** Where the profile's agent is reached. */
export function agentLocation(options: Pick<AgentOptions, 'directory' | 'endpoint'>): EndpointLocation {
  return { ...options.endpoint, directory: options.directory, name: 'agent' };
}

async function runHere(options: AgentOptions, location: EndpointLocation): Promise<OpenedAgent | null> {
  const { clock, log } = options;
  const server = await openLocalServer({ location, clock, log });
  if (server === null) return null;
  try {
    const agent = await createAgent(options);
    await agent.start();
    server.serve(agent.handlers);
    return {
      kind: 'own',
      pid: options.pid,
      handlers: agent.handlers,
      onClosed: () => () => {},
      close: async ({ withdraw }) => {
        await agent.stop({ withdraw });
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function attach(options: AgentOptions, location: EndpointLocation): Promise<OpenedAgent | null> {
  const attached = await attachToRunningAgent(location, options.clock);
  if (attached === null) return null;
  return {
    kind: 'attached',
    pid: attached.pid,
    handlers: attached.handlers,
    onClosed: (listener) => attached.onClosed(listener),
    close: () => {
      attached.close();
      return Promise.resolve();
    },
  };
}

/** Runs the profile's agent, or attaches to the one that runs. Owner only: SP_AGENT_RUNNING instead of attaching. */
export async function openAgent(
  options: AgentOptions,
  { ownOnly = false }: { readonly ownOnly?: boolean } = {},
): Promise<OpenedAgent> {
  const location = agentLocation(options);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const opened = (await runHere(options, location)) ?? (await attach(options, location));
    if (opened?.kind === 'attached' && ownOnly) {
      await opened.close({ withdraw: 'none' });
      throw new AgentError('SP_AGENT_RUNNING', { pid: opened.pid });
    }
    if (opened !== null) return opened;
    await sleep(options.clock, retryMs);
  }
  throw new AgentError('SP_INTERNAL', { reason: 'The agent of this profile neither answers nor ends.' });
}
