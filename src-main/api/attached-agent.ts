/**
 * The agent of another process as if it ran here: handlers that forward each call and watch to it.
 *
 * A window that finds an agent running for its profile uses it this way instead of starting a second one.
 */
import type { Clock } from '#base/clock.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers, CallName, CallParams, CallResult } from '#contract/ipc/contract.ts';

import { endpointPath, type EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { connectAgent } from './agent-client.ts';

export type AttachedAgent = {
  readonly handlers: AgentHandlers;
  /** Process id of the agent that answers. */
  readonly pid: number;
  /** Called once when that agent has ended. */
  onClosed(listener: () => void): () => void;
  close(): void;
};

/** A failure of the other agent with its code; the words are made anew from `problem`, which has them filled in. */
class ForwardedError extends AgentError {
  readonly #problem: AgentError['problem'];

  constructor(problem: AgentError['problem']) {
    super(problem.code);
    this.#problem = problem;
  }

  override get problem(): AgentError['problem'] {
    return this.#problem;
  }
}

/** The agent that runs at `location`, or null if none does. */
export async function attachToRunningAgent(location: EndpointLocation, clock: Clock): Promise<AttachedAgent | null> {
  const connection = await connectAgent(endpointPath(location), clock);
  if (connection === null) return null;
  const { client } = connection;
  const state = await client.call('state.get', {});
  if (!state.ok) {
    connection.close();
    return null;
  }
  const forward =
    <N extends CallName>(name: N) =>
    async (params: CallParams<N>): Promise<CallResult<N>> => {
      const answer = await client.call(name, params);
      if (!answer.ok) throw new ForwardedError(answer.problem);
      return answer.value;
    };
  return {
    pid: state.value.agent.pid,
    onClosed: (listener) => connection.onClosed(listener),
    close: () => connection.close(),
    handlers: {
      calls: {
        'state.get': forward('state.get'),
        'controlPlane.usePlayground': forward('controlPlane.usePlayground'),
        'controlPlane.listContexts': forward('controlPlane.listContexts'),
        'controlPlane.useKubeconfig': forward('controlPlane.useKubeconfig'),
        'service.discover': forward('service.discover'),
        'service.expose': forward('service.expose'),
        'service.setEnabled': forward('service.setEnabled'),
        'service.delete': forward('service.delete'),
        'agent.retryNow': forward('agent.retryNow'),
        'web.newLink': forward('web.newLink'),
      },
      watches: {
        'state.watch': (listener) => client.watch('state.watch', listener),
        'traffic.watch': (listener) => client.watch('traffic.watch', listener),
      },
    },
  };
}
