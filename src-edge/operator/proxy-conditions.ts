/**
 * The conditions of an HTTPProxy, from what was observed. Pure.
 *
 * Programmed: an edge has answered for the hostname, at this generation. Ready: the service itself has answered.
 */
import type { Connector, DRTPServer, HTTPProxy } from '#contract/resources/generated.ts';
import { findCondition, isTrue } from '#kube/conditions.ts';

import { routeTag, type EdgeReason } from '../probe-wire.ts';
import { probeSeconds, slowSeconds, type ProbeAnswer } from './prober.ts';
import type { Aspect } from './status-writer.ts';

export type ProxyFacts = {
  readonly proxy: HTTPProxy;
  /** host:port of the backend behind “/”. */
  readonly target: string;
  readonly connectorName: string;
  readonly connector: Connector | undefined;
  /** An advertisement of the connector covers the target. */
  readonly advertised: boolean;
  readonly edge: DRTPServer;
  /** null while the service may still answer the probe under way. */
  readonly answer: ProbeAnswer | null;
  /** Too many probes in a row taught nothing. */
  readonly exhausted: boolean;
};

export type ProxyFindings = {
  /** null: nothing new was learnt. */
  readonly programmed: Aspect | null;
  readonly ready: Aspect;
  /** True if nothing changes without an event that the operator will see. */
  readonly settled: boolean;
};

export function invalidAspects(problem: string): readonly Aspect[] {
  return (['Accepted', 'Programmed', 'Ready'] as const).map((type) => ({
    type,
    status: 'False',
    reason: 'Invalid',
    message: problem,
  }));
}

export const acceptedAspect: Aspect = {
  type: 'Accepted',
  status: 'True',
  reason: 'Accepted',
  message: 'The proxy is accepted.',
};

function programmedAspect(status: 'True' | 'False', message: string): Aspect {
  return { type: 'Programmed', status, reason: status === 'True' ? 'Programmed' : 'Pending', message };
}

function notReady(reason: string, message: string): Aspect {
  return { type: 'Ready', status: 'False', reason, message };
}

/** Findings while there is no edge to ask. */
export function waitingForEdge(hostname: string | null): ProxyFindings {
  const message =
    hostname === null
      ? 'No edge has registered yet, so there is no domain for a hostname. Start an edge on this control plane.'
      : `No edge serves the hostname ${hostname}. Start the edge of its domain, or delete and create the proxy again.`;
  return { programmed: programmedAspect('False', message), ready: notReady('AwaitingRoute', message), settled: true };
}

/** True if the probe says nothing about the service: it may be slow, or its tunnel full. */
export function isInconclusive(answer: ProbeAnswer): boolean {
  return (
    answer.kind === 'silence' || (answer.kind === 'answer' && answer.by === 'edge' && answer.details === 'TunnelBusy')
  );
}

export function findingsOf(facts: ProxyFacts): ProxyFindings {
  const { proxy, answer, edge } = facts;
  const edgeName = `"${edge.metadata.name ?? ''}"`;
  if (answer === null) return { programmed: null, ...readiness(facts, null) };
  if (answer.kind === 'unreachable') {
    const message = `The edge ${edgeName} at ${edge.spec.address} does not answer (${answer.code}). Check that it runs.`;
    return {
      programmed: programmedAspect('False', message),
      ready: notReady('AwaitingRoute', message),
      settled: false,
    };
  }
  const { uid = '', generation = 0 } = proxy.metadata;
  const routed = answer.kind === 'answer' && answer.route === routeTag({ uid, generation });
  if (answer.kind === 'answer' && !routed) {
    const message = `The edge ${edgeName} has not taken over this proxy yet; it does so by itself.`;
    return {
      programmed: programmedAspect('False', message),
      ready: notReady('AwaitingRoute', message),
      settled: false,
    };
  }
  const programmed = programmedAspect('True', `The edge ${edgeName} answers for the hostname.`);
  return { programmed, ...readiness(facts, answer) };
}

type Readiness = Pick<ProxyFindings, 'ready' | 'settled'>;
type Reached = Exclude<ProbeAnswer, { readonly kind: 'unreachable' }>;

const answeredMessage = 'The service has answered a request through the tunnel';

function readiness(facts: ProxyFacts, answer: Reached | null): Readiness {
  // The edge may be a moment behind; that an advertisement is gone is decided here already.
  if (!facts.advertised) return { ready: switchedOff(facts), settled: true };
  if (answer === null) return { ready: waitingForAnswer(facts), settled: false };
  if (answer.kind === 'silence') return { ready: silent(facts), settled: false };
  if (answer.by === 'agent')
    return { ready: agentFailure(facts.target, answer.details, answer.status), settled: false };
  if (answer.by === 'edge') return edgeFailure(facts, answer.details as EdgeReason | null);
  const ready = answer.slow
    ? isReady('Slow', `${answeredMessage}, and took more than ${slowSeconds} s for it.`)
    : isReady('Ready', `${answeredMessage}.`);
  return { ready, settled: true };
}

function isReady(reason: 'Ready' | 'Slow', message: string): Aspect {
  return { type: 'Ready', status: 'True', reason, message };
}

/** What Ready says while a probe is under way: what it said before, if that was about the present proxy. */
function waitingForAnswer({ proxy, target }: ProxyFacts): Aspect {
  const before = findCondition(proxy.status?.conditions, 'Ready');
  return before !== undefined && isTrue(proxy, 'Ready')
    ? { type: 'Ready', status: 'True', reason: before.reason, message: before.message }
    : notReady('AwaitingAnswer', `A request to ${target} is on its way; the service has not answered yet.`);
}

/** One unanswered probe of a service that has answered before says that it is slow; several, that it does not answer. */
function silent({ proxy, target, exhausted }: ProxyFacts): Aspect {
  return isTrue(proxy, 'Ready') && !exhausted
    ? isReady('Slow', `The service has answered before, and did not answer the last check within ${probeSeconds} s.`)
    : notReady(
        'OriginTimeout',
        `${target} did not answer a request within ${probeSeconds} s. Check that the service is not stuck.`,
      );
}

/** As for silence: that a tunnel is full says nothing about the service. */
function busy({ proxy, exhausted, connectorName }: ProxyFacts): Aspect {
  const message = `The tunnel of connector "${connectorName}" carries as many requests as it can, so the service could not be checked.`;
  return isTrue(proxy, 'Ready') && !exhausted
    ? isReady('Slow', message)
    : notReady('TunnelBusy', `${message} Wait, or find out what opens so many.`);
}

function switchedOff({ target, connectorName }: ProxyFacts): Aspect {
  return notReady(
    'SwitchedOff',
    `No ConnectorAdvertisement of the connector "${connectorName}" offers ${target}. Switch the service on to publish it.`,
  );
}

function agentFailure(target: string, code: string | null, status: number): Aspect {
  switch (code) {
    case 'SP_ORIGIN_REFUSED':
      return notReady(
        'OriginRefused',
        `Nothing listens on ${target} on the connector's machine. Start the service; it is picked up by itself.`,
      );
    case 'SP_ORIGIN_TIMEOUT':
      return notReady('OriginTimeout', `${target} does not accept connections. Check that the service is not stuck.`);
    case 'SP_ORIGIN_NAME_UNKNOWN':
      return notReady(
        'OriginNameUnknown',
        `The name in ${target} does not resolve on the connector's machine. Check its spelling and the network there.`,
      );
    case 'SP_TARGET_NOT_ALLOWED':
      return notReady(
        'TargetNotAllowed',
        `The connector does not let ${target} through. Expose it on the connector's machine.`,
      );
    case 'SP_ORIGIN_UNREACHABLE':
      return notReady(
        'OriginUnreachable',
        `${target} cannot be reached from the connector's machine. Check the address and that the machine reaches it.`,
      );
    default:
      return notReady(
        'OriginUnreachable',
        `The connection between the agent and ${target} failed (${code ?? status}). Look at the log of the service.`,
      );
  }
}

function edgeFailure(facts: ProxyFacts, reason: EdgeReason | null): Readiness {
  switch (reason) {
    case 'SwitchedOff':
      return {
        ready: notReady('AwaitingRoute', 'The edge has not seen the advertisement yet; it does so by itself.'),
        settled: false,
      };
    case 'TunnelBusy':
      return { ready: busy(facts), settled: false };
    case 'NoRule':
      return {
        ready: notReady('AwaitingRoute', 'No rule matches the path “/”, so that the service cannot be checked.'),
        settled: true,
      };
    default:
      return tunnelNotOnline(facts);
  }
}

function tunnelNotOnline({ connector, connectorName }: ProxyFacts): Readiness {
  if (connector === undefined) {
    return {
      ready: notReady(
        'TunnelNotOnline',
        `Connector "${connectorName}" not found. Start its agent, or name another one.`,
      ),
      settled: true,
    };
  }
  if (isTrue(connector, 'Ready')) {
    const message = `The tunnel of connector "${connectorName}" is interrupted; its agent reconnects by itself.`;
    return { ready: notReady('TunnelNotOnline', message), settled: false };
  }
  const why = findCondition(connector.status?.conditions, 'Ready')?.message ?? 'Its agent has not connected yet.';
  return { ready: notReady('TunnelNotOnline', `Connector "${connectorName}" is not ready: ${why}`), settled: true };
}
