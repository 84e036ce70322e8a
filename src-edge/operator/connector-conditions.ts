/**
 * The conditions of a connector, from what was observed. Pure; reasons and messages are Datum's where it has them.
 */
import type { Connector, ConnectorClass, DRTPServer } from '#contract/resources/generated.ts';
import { isTrue } from '#kube/conditions.ts';

import type { ProbeAnswer } from './prober.ts';
import type { Aspect } from './status-writer.ts';

/** `connectorClass` is undefined where the class that the connector names does not exist. */
export function acceptedAspect(className: string, connectorClass: ConnectorClass | undefined): Aspect {
  if (className === '') {
    return { type: 'Accepted', status: 'False', reason: 'Pending', message: 'connectorClassName is required' };
  }
  return connectorClass === undefined
    ? {
        type: 'Accepted',
        status: 'False',
        reason: 'ConnectorClassNotFound',
        message: `ConnectorClass "${className}" not found`,
      }
    : { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Connector class resolved' };
}

export function notReadyAspect(message: string): Aspect {
  return { type: 'Ready', status: 'False', reason: 'ConnectorNotReady', message };
}

/** Reason of a Ready that is to be looked at again soon. */
export const slowReason = 'ConnectorSlow';

/** A connector as it is known, and what the edges say of it. */
export type TunnelFacts = {
  readonly connector: Connector;
  readonly probes: readonly { readonly edge: DRTPServer; readonly answer: ProbeAnswer }[];
  /** Too many probes in a row taught nothing. */
  readonly exhausted: boolean;
};

/** Ready as far as the tunnel goes: one edge that reached the agent is enough. */
export function tunnelAspect({ connector, probes, exhausted }: TunnelFacts): Aspect {
  if (probes.some(({ answer }) => answer.kind === 'answer' && answer.status === 204)) {
    return ready('ConnectorReady', 'The connector is ready to tunnel traffic.');
  }
  if (probes.length === 0) return notReadyAspect('No edge has registered yet. Start an edge on this control plane.');
  if (!exhausted && probes.some(({ answer }) => isSilent(answer)) && isTrue(connector, 'Ready')) {
    return ready(slowReason, 'The agent is connected, and did not answer the last check in time.');
  }
  const words = probes.map(({ edge, answer }) => describe(edge, answer));
  return notReadyAspect(words.join(' '));
}

function ready(reason: string, message: string): Aspect {
  return { type: 'Ready', status: 'True', reason, message };
}

/** There is a tunnel, and nothing came back through it. */
export function isSilent(answer: ProbeAnswer): boolean {
  return answer.kind === 'silence' || (answer.kind === 'answer' && answer.status === 504);
}

function describe(edge: DRTPServer, answer: ProbeAnswer): string {
  const name = edge.metadata.name ?? '';
  if (answer.kind === 'unreachable') {
    return `The edge "${name}" at ${edge.spec.address} does not answer (${answer.code}).`;
  }
  if (isSilent(answer)) return `The agent does not answer through its tunnel to the edge "${name}".`;
  if (answer.kind === 'answer' && answer.status === 503) return `The agent has no tunnel to the edge "${name}".`;
  return `The edge "${name}" refuses the operator's probe; check that both use the same probe token.`;
}
