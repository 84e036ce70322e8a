/**
 * The line through the bridge of the preload script. Behind it the app looks after the agent and says how that goes.
 */
import { problemOf } from '#contract/errors/agent-error.ts';
import type { CallName, CallParams, CallResult, Envelope } from '#contract/ipc/contract.ts';
import type { AgentBridge } from '#contract/ipc/link-status.ts';

import type { AgentLink } from './agent-link.ts';

export function createPreloadLink(bridge: AgentBridge): AgentLink {
  const call = async <N extends CallName>(name: N, params: CallParams<N>): Promise<Envelope<CallResult<N>>> => {
    try {
      return await bridge.call(name, params);
    } catch (thrown) {
      // A rejected invocation is a fault of the bridge; failures of the agent arrive in the envelope.
      return { ok: false, problem: problemOf('SP_INTERNAL', { reason: String(thrown) }) };
    }
  };
  return {
    host: 'app',
    client: { call, watch: (name, listener) => bridge.watch(name, listener) },
    watchStatus: (listener) => bridge.watchLink(listener),
    retryNow: () => void call('agent.retryNow', {}),
    close: () => {},
  };
}
