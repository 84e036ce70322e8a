/**
 * The edge as a library: puts its parts together and runs them in this process.
 *
 * Serves with what it knows: when the control plane is away, routes and admitted keys stay as they were.
 */
import { randomUUID } from 'node:crypto';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Secret } from '#base/secret.ts';
import type { Connector } from '#contract/resources/generated.ts';
import { kinds, type Kind } from '#contract/resources/kinds.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import { tunnelAlpn } from '#contract/wire/registration.ts';
import type { KubeClient } from '#kube/client.ts';
import { createInformer, type Informer } from '#kube/informer.ts';
import { createTunnelListener } from '#tunnel/edge/tunnel-listener.ts';

import { createAdmission } from './admission.ts';
import { createHttpListener } from './http-listener.ts';
import { publishedKey } from './key-holders.ts';
import { createObservations } from './observations.ts';
import { createProbeCheck } from './probe-endpoint.ts';
import { createReception } from './reception.ts';
import { createRegistration } from './registration.ts';
import { buildRoutingTable, type RoutingTable } from './routing-table.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createVisitorLimits } from './visitor-limits.ts';
import { createVisitorRouter } from './visitor-router.ts';
import { createVisitorStreams } from './visitor-streams.ts';

export type EdgeOptions = {
  /** Closed with the edge. */
  readonly kube: KubeClient;
  /** Of the DRTPServer. */
  readonly name: string;
  readonly namespace: string;
  /** Suffix under which the operator assigns hostnames. */
  readonly domain: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Requests that one visitor's address may have in flight. */
    readonly requestsPerVisitor: number;
  };
  readonly tunnel: {
    readonly host: string;
    readonly port: number;
    /** Where agents and visitors reach this edge. */
    readonly address: string;
    /** Name in the certificate that agents verify. */
    readonly serverName: string;
    /** PEM: certificate chain, its key, and what agents are to trust. */
    readonly cert: string;
    readonly key: string;
    readonly ca: string;
  };
  readonly probeToken: Secret<string>;
  /** What requests in flight get to finish when the edge closes. */
  readonly drainMs: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
};

export type Edge = {
  readonly http: { readonly host: string; readonly port: number };
  readonly tunnel: { readonly host: string; readonly port: number };
  /** Resolves once the routes were loaded for the first time. */
  synced(): Promise<void>;
  readonly close: () => Promise<void>;
};

/** What the control plane gets to hear that this edge is about to stop. */
const reportDrainWithinMs = 1000;

/** Resolves once visitors and agents can connect. Rejects if an address or the certificate cannot be used. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { kube, clock, random, log } = options;
  const informerOf = <T extends KubernetesObject>(kind: Kind<T>): Informer<T> =>
    createInformer({ resource: kube.resource(kind), clock, random, log });
  const connectors = informerOf(kinds.connector);
  const proxies = informerOf(kinds.httpProxy);
  const advertisements = informerOf(kinds.connectorAdvertisement);
  const informers = [connectors, proxies, advertisements];
  const observations = createObservations(clock);
  const sessions = createSessions(observations.connectorChanged);
  let draining = false;

  let table: RoutingTable | null = null;
  const forgetTable = (): void => {
    table = null;
  };
  proxies.onChange(forgetTable);
  advertisements.onChange(forgetTable);
  const currentTable = (): RoutingTable | null => {
    if (!proxies.hasSynced || !advertisements.hasSynced) return null;
    table ??= buildRoutingTable({ proxies: proxies.list(), advertisements: advertisements.list() });
    return table;
  };
  closeSessionsOfChanged(connectors, sessions);

  const admission = createAdmission({
    connectors,
    resource: kube.resource(kinds.connector),
    isDraining: () => draining,
    newConnectionId: randomUUID,
    clock,
    log,
  });
  const tunnel = await createTunnelListener({
    ...options.tunnel,
    edge: options.name,
    admit: admission.admit,
    onSession: sessions.add,
    clock,
    random,
    log,
  });
  const limits = createVisitorLimits(options.http.requestsPerVisitor);
  const reception = createReception({
    table: currentTable,
    sessions,
    observations,
    admitRequest: limits.admitRequest,
    isProbe: createProbeCheck(options.probeToken),
  });
  const http = await createHttpListener({
    ...options.http,
    admitConnection: limits.admitConnection,
    router: createVisitorRouter({ reception, sessions, observations }),
    serveStreams: createVisitorStreams(reception),
    log,
  }).catch(async (error: unknown) => {
    await tunnel.close(0);
    throw error;
  });
  const registration = createRegistration({
    kube,
    key: { namespace: options.namespace, name: options.name },
    spec: {
      instanceName: options.name,
      address: options.tunnel.address,
      ports: [
        { name: 'tunnel-h2', port: tunnel.address.port, protocol: 'TCP' },
        { name: 'http', port: http.address.port, protocol: 'TCP' },
      ],
      protocols: [tunnelAlpn.h2],
      tunnelServerName: options.tunnel.serverName,
      caBundle: options.tunnel.ca,
      domain: options.domain,
    },
    clock,
    random,
    log,
  });
  for (const informer of informers) informer.start();
  registration.start();

  return {
    http: http.address,
    tunnel: tunnel.address,
    synced: async () => {
      await Promise.all(informers.map((informer) => informer.synced()));
    },
    close: async () => {
      draining = true;
      await registration.drain(reportDrainWithinMs);
      http.stopAccepting();
      await tunnel.close(options.drainMs);
      await http.close();
      await Promise.all(informers.map((informer) => informer.stop()));
      kube.close();
    },
  };
}

/** A connector that is gone, was replaced or has another key takes its tunnels with it. */
function closeSessionsOfChanged(connectors: Informer<Connector>, sessions: Sessions): void {
  connectors.onChange((connector, change) => {
    const { namespace = '', name = '', uid } = connector.metadata;
    const key = publishedKey(connector);
    // SECURITY: an identity that was taken back must not go on carrying traffic.
    sessions.closeWhere({ namespace, name }, (session) => {
      if (change === 'deleted') return session.connector.uid === uid;
      // An older state of the connector, from before it published its key, takes nothing back.
      return session.connector.uid !== uid || (key !== null && key !== session.publicKey);
    });
  });
}
