/**
 * The line through the bridge of the preload script. The agent lives in the same application, so it always stands.
 */
import { problemOf } from '#contract/errors/agent-error.ts';
import type { AgentClient, CallName, CallParams, CallResult, Envelope } from '#contract/ipc/contract.ts';

import type { AgentLink } from './agent-link.ts';

export function createPreloadLink(bridge: AgentClient): AgentLink {
  const call = async <N extends CallName>(name: N, params: CallParams<N>): Promise<Envelope<CallResult<N>>> => {
    try {
      return await bridge.call(name, params);
    } catch (thrown) {
      // A rejected invocation is a fault of the bridge; failures of the agent arrive in the envelope.
      return { ok: false, problem: problemOf('SP_INTERNAL', { reason: String(thrown) }) };
    }
  };
  return {
    client: { call, watch: (name, listener) => bridge.watch(name, listener) },
    watchStatus: (listener) => {
      listener({ phase: 'open' });
      return () => {};
    },
    close: () => {},
  };
}
