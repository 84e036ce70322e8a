/**
 * Agent states for tests of what is drawn from them.
 */
import type { AgentState, ServiceState } from '#contract/agent-state.ts';

import { emptyAgentState } from '../../testing/fake-handlers.ts';

export function serviceWith(given: Partial<ServiceState>): ServiceState {
  return {
    name: 'demo',
    host: '127.0.0.1',
    port: 3000,
    enabled: true,
    phase: 'ready',
    url: 'http://demo.localhost:20080',
    steps: [],
    problem: null,
    conditions: [],
    createdAt: '2026-01-01T00:00:00.000Z',
    ephemeral: false,
    ...given,
  };
}

/** A state on a playground with these services. */
export function stateWith(services: readonly ServiceState[]): AgentState {
  return {
    ...emptyAgentState,
    controlPlane: { kind: 'playground', phase: 'connected', parts: [], kubeconfig: null, problem: null },
    services,
  };
}
