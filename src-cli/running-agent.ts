/**
 * The profile's running agent, for commands that never start one.
 */
import { AgentError } from '#contract/errors/agent-error.ts';
import { attachToRunningAgent, type AttachedAgent } from '#main/api/attached-agent.ts';
import { agentLocation } from '#main/agent/open-agent.ts';
import { endpointPath } from '#main/local-endpoint/endpoint-path.ts';

import type { Composition } from './composition.ts';

/** Runs `work` with the agent and lets go of it. Throws SP_AGENT_NOT_RUNNING. */
export async function withRunningAgent<T>(
  composition: Composition,
  work: (agent: AttachedAgent) => Promise<T>,
): Promise<T> {
  const location = agentLocation(composition);
  const attached = await attachToRunningAgent(location, composition.clock);
  if (attached === null) throw new AgentError('SP_AGENT_NOT_RUNNING', { socket: endpointPath(location) });
  try {
    return await work(attached);
  } finally {
    attached.close();
  }
}
