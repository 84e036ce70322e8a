/**
 * How a service is doing, from everything that is known about it. Pure.
 */
import type { EngineProcessState, ServiceState } from '#contract/agent-state.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import type { ErrorCode } from '#contract/errors/registry.ts';
import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import { findCondition, isTrue } from '#kube/conditions.ts';

import { authorityOf } from '../controllers/desired-resources.ts';
import type { Service } from '../services/service-registry.ts';
import { isComplete, stepsOf, type Ladder, type LadderFacts } from './service-ladder.ts';

/** What every service of the agent depends on. */
export type SharedFacts = {
  readonly engine: EngineProcessState;
  readonly connectorReady: boolean;
  /** The control plane, the connector or the engine cannot do its part. */
  readonly problem: Problem | null;
};

/** What is known about one service. */
export type ServiceFacts = {
  readonly service: Service;
  readonly proxy: HTTPProxy | undefined;
  readonly advertisement: ConnectorAdvertisement | undefined;
  /** Why it could not be declared. */
  readonly declareProblem: Problem | null;
};

/** How long the agent's engine tries to open a connection to a service, for the words of SP_ORIGIN_TIMEOUT. */
const originTimeoutSeconds = 10;

/** Reasons of the proxy's Ready condition that name the service itself as the cause. */
const originProblems: Readonly<Record<string, ErrorCode>> = {
  OriginRefused: 'SP_ORIGIN_REFUSED',
  OriginUnreachable: 'SP_ORIGIN_UNREACHABLE',
  OriginNameUnknown: 'SP_ORIGIN_NAME_UNKNOWN',
  OriginTimeout: 'SP_ORIGIN_TIMEOUT',
  TargetNotAllowed: 'SP_TARGET_NOT_ALLOWED',
};

function isTunnelConnected(engine: EngineProcessState): boolean {
  return engine.connections.some(({ phase }) => phase === 'connected');
}

/** Where visitors reach the proxy. */
function urlOf(proxy: HTTPProxy | undefined): string | null {
  const { url, canonicalHostname } = proxy?.status ?? {};
  if (url !== undefined) return url;
  // Datum's control plane gives the name only; its edge serves https on the usual port.
  return canonicalHostname === undefined ? null : `https://${canonicalHostname}`;
}

export function ladderFactsOf({ proxy, advertisement }: ServiceFacts, shared: SharedFacts): LadderFacts {
  return {
    declared: proxy !== undefined && advertisement !== undefined,
    tunnel: shared.connectorReady && isTunnelConnected(shared.engine),
    hostname: urlOf(proxy) !== null,
    route: proxy !== undefined && isTrue(proxy, 'Programmed'),
    answer: proxy !== undefined && isTrue(proxy, 'Ready'),
  };
}

function proxyProblem({ service, proxy }: ServiceFacts): Problem | null {
  const accepted = findCondition(proxy?.status?.conditions, 'Accepted');
  if (accepted?.status === 'False' && accepted.reason === 'Conflict') {
    return problemOf('SP_SERVICE_NAME_TAKEN', { name: service.name, reason: accepted.message });
  }
  if (accepted?.status === 'False' && accepted.reason === 'Invalid') {
    return problemOf('SP_PROXY_INVALID', { name: service.name, reason: accepted.message });
  }
  const ready = findCondition(proxy?.status?.conditions, 'Ready');
  const code = ready?.status === 'False' ? originProblems[ready.reason] : undefined;
  if (ready === undefined || code === undefined) return null;
  const target = authorityOf(service.host, service.port);
  return problemOf(code, { target, reason: ready.message, seconds: originTimeoutSeconds });
}

function tunnelProblem({ engine }: SharedFacts): Problem | null {
  if (isTunnelConnected(engine)) return null;
  return engine.connections.map(({ problem }) => problem).find((problem) => problem !== null) ?? null;
}

/** The first cause in the order in which things depend on each other. */
function firstProblem(facts: ServiceFacts, shared: SharedFacts): Problem | null {
  return facts.declareProblem ?? shared.problem ?? tunnelProblem(shared) ?? proxyProblem(facts);
}

function phaseOf(service: Service, ready: boolean, problem: Problem | null): ServiceState['phase'] {
  if (service.removing) return 'removing';
  if (!service.enabled) return 'off';
  if (ready) return 'ready';
  return problem === null ? 'publishing' : 'failing';
}

/** `visible` decides which problems are shown yet. */
export function projectService(
  facts: ServiceFacts,
  shared: SharedFacts,
  ladder: Ladder | undefined,
  visible: (problem: Problem | null) => Problem | null = (problem) => problem,
): ServiceState {
  const { service, proxy } = facts;
  const wanted = service.enabled && !service.removing;
  const ready = wanted && isComplete(ladder);
  // What keeps answering through an outage of the control plane is not failing.
  const problem = visible(wanted && !ready ? firstProblem(facts, shared) : null);
  return {
    name: service.name,
    host: service.host,
    port: service.port,
    enabled: service.enabled,
    phase: phaseOf(service, ready, problem),
    url: urlOf(proxy),
    steps: stepsOf(ladder, problem !== null),
    problem,
    conditions: proxy?.status?.conditions ?? [],
    createdAt: service.createdAt,
    ephemeral: service.ephemeral,
  };
}
