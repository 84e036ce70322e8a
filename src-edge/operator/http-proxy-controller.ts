/**
 * Looks after HTTPProxies: accepts them, assigns their hostname, and says Ready only for what was seen to answer.
 */
import type { Clock } from '#base/clock.ts';
import type { WorkResult } from '#base/work-queue.ts';
import type { ConnectorAdvertisement, DRTPServer, HTTPProxy } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { ObjectKey } from '#kube/client.ts';
import { formatKey, keyOf } from '#kube/object-key.ts';

import { authorityOf, covers, parseEndpoint, type BackendEndpoint } from '../backend-endpoint.ts';
import { routeTag } from '../probe-wire.ts';
import { visitorPort } from './edge-request.ts';
import { domainForNew, edgeOf, isAlive, rankEdges, urlOf } from './edges.ts';
import { createHostnames } from './hostnames.ts';
import type { Pace } from './pace.ts';
import { createPatience } from './patience.ts';
import type { PatientProbes } from './patient-probes.ts';
import type { ProbeAnswer, Prober } from './prober.ts';
import {
  acceptedAspect,
  findingsOf,
  invalidAspects,
  isInconclusive,
  waitingForEdge,
  type ProxyFindings,
} from './proxy-conditions.ts';
import { proxyProblem } from './proxy-validation.ts';
import { writeStatus, type Aspect } from './status-writer.ts';
import { belongsToOthers, type World } from './world.ts';

export function createProxyReconciler(options: {
  readonly world: World;
  readonly prober: Prober;
  readonly probes: PatientProbes;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
}): (key: ObjectKey) => Promise<WorkResult | void> {
  const { world, prober, probes, pace, clock } = options;
  const proxies = world.kube.resource(kinds.httpProxy);
  const hostnames = createHostnames(options.random);
  const patience = createPatience();

  const write = (
    proxy: HTTPProxy,
    aspects: readonly Aspect[],
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<HTTPProxy> => writeStatus({ resource: proxies, object: proxy, aspects, fields, nowMs: clock.now() });

  const look = (proxy: HTTPProxy, edge: DRTPServer, hostname: string): Promise<ProbeAnswer | null> => {
    const { uid = '', generation = 0 } = proxy.metadata;
    const subject = [routeTag({ uid, generation }), hostname, edge.spec.address, visitorPort(edge)].join(' ');
    return probes.look(formatKey(keyOf(proxy)), subject, (signal) => prober.probeHostname(edge, hostname, signal));
  };

  const edgeIsAlive = (edge: DRTPServer): boolean => {
    const name = edge.status?.leaseRef?.name;
    const lease =
      name === undefined ? undefined : world.leases.get({ namespace: edge.metadata.namespace ?? null, name });
    return isAlive(edge, lease, clock.now());
  };

  const finish = async (key: ObjectKey, proxy: HTTPProxy, { programmed, ready, settled }: ProxyFindings) => {
    await write(proxy, [acceptedAspect, ...(programmed === null ? [] : [programmed]), ready]);
    return { requeueAfterMs: pace.next(formatKey(key), { state: `${ready.reason} ${ready.message}`, settled }) };
  };

  return async (key) => {
    const proxy = world.proxies.get(key);
    if (proxy === undefined || proxy.metadata.deletionTimestamp !== undefined) {
      pace.forget(formatKey(key));
      patience.forget(formatKey(key));
      probes.forget(formatKey(key));
      return undefined;
    }
    if (isOfOthers(world, proxy)) return undefined;
    const problem = proxyProblem(proxy);
    const probed = problem === null ? rootTarget(proxy) : null;
    if (probed === null) {
      await write(proxy, invalidAspects(problem ?? ''));
      return undefined;
    }
    const edges = rankEdges(world.edges.list(), edgeIsAlive);
    const hostname = hostnames.assign(proxy, world.proxies.list(), domainForNew(edges));
    const edge = hostname === null ? null : edgeOf(hostname, edges);
    if (hostname === null || edge === null) {
      return finish(key, proxy, waitingForEdge(hostname));
    }
    // The hostname first: without it no edge has a route that could be probed.
    const named = await write(proxy, [acceptedAspect], { canonicalHostname: hostname, url: urlOf(hostname, edge) });
    const answer = await look(named, edge, hostname);
    // What happened during the probe counts as well.
    const connectorKey = { namespace: key.namespace, name: probed.connectorName };
    const findings = findingsOf({
      proxy: named,
      target: authorityOf(probed.endpoint),
      connectorName: probed.connectorName,
      connector: world.connectors.get(connectorKey),
      advertised: world.advertisements.list().some((each) => offers(each, connectorKey, probed.endpoint)),
      edge,
      answer,
      exhausted: answer !== null && patience.isExhausted(formatKey(key), { taught: !isInconclusive(answer) }),
    });
    const result = await finish(key, named, findings);
    // Each pass waits for the probe itself; in between there is nothing to wait for.
    if (answer === null && !findings.settled) return { requeueAfterMs: 0 };
    probes.forget(formatKey(key));
    return result;
  };
}

/** True if another controller looks after one of the connectors that the proxy names. */
function isOfOthers(world: World, proxy: HTTPProxy): boolean {
  const { namespace = null } = proxy.metadata;
  return proxy.spec.rules.some(({ backends }) =>
    (backends ?? []).some(({ connector }) => {
      const named = connector === undefined ? undefined : world.connectors.get({ namespace, name: connector.name });
      return named !== undefined && belongsToOthers(world, named);
    }),
  );
}

type RootTarget = { readonly endpoint: BackendEndpoint; readonly connectorName: string };

/** The backend that answers for “/”, which is what is probed; else the first one. */
function rootTarget(proxy: HTTPProxy): RootTarget | null {
  const { rules } = proxy.spec;
  const root = rules.find(({ matches }) => (matches ?? [{}]).some(({ path }) => (path?.value ?? '/') === '/'));
  const backend = (root ?? rules[0])?.backends?.[0];
  if (backend?.connector === undefined) return null;
  const result = parseEndpoint(backend.endpoint);
  return result.ok ? { endpoint: result.endpoint, connectorName: backend.connector.name } : null;
}

function offers(advertisement: ConnectorAdvertisement, connector: ObjectKey, endpoint: BackendEndpoint): boolean {
  const { namespace, deletionTimestamp } = advertisement.metadata;
  return (
    deletionTimestamp === undefined &&
    namespace === connector.namespace &&
    advertisement.spec.connectorRef.name === connector.name &&
    covers(advertisement, endpoint)
  );
}
