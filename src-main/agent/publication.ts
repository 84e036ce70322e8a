/**
 * One connector on one control plane: its informers and the controllers that publish through it.
 */
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { Problem } from '#contract/errors/agent-error.ts';
import type { Connector, ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import type { KubeClient, KubeError, ListOptions } from '#kube/client.ts';
import { createInformer, type Informer } from '#kube/informer.ts';
import type { Kind } from '#contract/resources/kinds.ts';

import { createConnectorController } from '../controllers/connector-controller.ts';
import { connectorLabel, type Device, type Publisher } from '../controllers/desired-resources.ts';
import { createEngineConfigController } from '../controllers/engine-config-controller.ts';
import { createLeaseController } from '../controllers/lease-controller.ts';
import { createServiceController } from '../controllers/service-controller.ts';
import type { EngineHost } from '../engine-host/engine-host.ts';
import type { ServiceRegistry } from '../services/service-registry.ts';

export type Publication = {
  readonly publisher: Publisher;
  start(): void;
  stop(): Promise<void>;
  onChange(listener: () => void): () => void;
  readonly connector: Connector | undefined;
  readonly connectorProblem: Problem | null;
  readonly lease: Lease | null;
  readonly leaseProblem: Problem | null;
  proxyOf(service: string): HTTPProxy | undefined;
  advertisementOf(service: string): ConnectorAdvertisement | undefined;
  /** False if this publication has written nothing for the service. */
  mayHavePublished(service: string): boolean;
  /** What keeps the service from being declared. */
  problemOf(service: string): Problem | null;
  /** True once everything was listed, while the control plane answers. */
  readonly isConnected: boolean;
  /** Why it is not connected; null before the first answer. */
  readonly failure: KubeError | null;
  /** True if the control plane does not serve edges (DRTPServer). */
  readonly lacksEdges: boolean;
};

export type PublicationOptions = {
  readonly publisher: Publisher;
  readonly client: KubeClient;
  readonly publicKey: string;
  readonly device: Device;
  readonly holderIdentity: string;
  readonly services: ServiceRegistry;
  readonly engine: EngineHost;
  readonly knownUid: () => string | null;
  readonly onSeen: (uid: string) => Promise<void>;
  readonly onForeign: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

export function createPublication(options: PublicationOptions): Publication {
  const { publisher, client, services, clock, random, log } = options;
  const { namespace } = publisher;
  const changes = createListeners<void>();
  const touch = (): void => changes.emit();
  const environment = { clock, random, log };

  const inform = <T extends KubernetesObject>(kind: Kind<T>, list: ListOptions): Informer<T> => {
    const informer = createInformer<T>({ resource: client.resource(kind), list, ...environment });
    informer.onChange(touch);
    informer.onHealth(touch);
    return informer;
  };
  const labelSelector = `${connectorLabel}=${publisher.connector}`;
  const connectors = inform(kinds.connector, { namespace, fieldSelector: `metadata.name=${publisher.connector}` });
  const proxies = inform(kinds.httpProxy, { namespace, labelSelector });
  const advertisements = inform(kinds.connectorAdvertisement, { namespace, labelSelector });
  const servers = inform(kinds.drtpServer, { namespace });
  const informers = [connectors, proxies, advertisements, servers];
  // A control plane without edges of our kind still answers; that it has none is a warning of its own.
  const essential = [connectors, proxies, advertisements];

  const connectorController = createConnectorController({
    publisher,
    server: client.server,
    device: options.device,
    publicKey: options.publicKey,
    knownUid: options.knownUid,
    connectors: client.resource(kinds.connector),
    classes: client.resource(kinds.connectorClass),
    informer: connectors,
    onSeen: options.onSeen,
    onForeign: options.onForeign,
    ...environment,
  });
  const leaseController = createLeaseController({
    publisher,
    holderIdentity: options.holderIdentity,
    leases: client.resource(kinds.lease),
    connectorInformer: connectors,
    ...environment,
  });
  const serviceController = createServiceController({
    publisher,
    server: client.server,
    services,
    proxies: client.resource(kinds.httpProxy),
    advertisements: client.resource(kinds.connectorAdvertisement),
    proxyInformer: proxies,
    advertisementInformer: advertisements,
    ...environment,
  });
  const engineConfigController = createEngineConfigController({
    publisher,
    services,
    connectorInformer: connectors,
    advertisementInformer: advertisements,
    serverInformer: servers,
    apply: (config) => options.engine.apply(config),
  });
  const controllers = [connectorController, leaseController, serviceController];
  for (const controller of controllers) controller.onChange(touch);

  return {
    publisher,
    start: () => {
      for (const informer of informers) informer.start();
      for (const controller of controllers) {
        controller.start().catch((error: unknown) => log.error('controller could not start', { error }));
      }
      engineConfigController.start();
    },
    stop: async () => {
      engineConfigController.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
      await Promise.all(informers.map((informer) => informer.stop()));
    },
    onChange: (listener) => changes.add(listener),
    get connector() {
      return connectors.get({ namespace, name: publisher.connector });
    },
    get connectorProblem() {
      return connectorController.problem;
    },
    get lease() {
      return leaseController.lease;
    },
    get leaseProblem() {
      return leaseController.problem;
    },
    proxyOf: (name) => proxies.get({ namespace, name }),
    advertisementOf: (name) => advertisements.get({ namespace, name }),
    mayHavePublished: (name) => serviceController.mayHavePublished(name),
    problemOf: (name) => serviceController.problemOf(name),
    get isConnected() {
      return essential.every(({ hasSynced, health }) => hasSynced && health.connected);
    },
    get failure() {
      return essential.map(({ health }) => health.error).find((error) => error !== null) ?? null;
    },
    get lacksEdges() {
      return servers.health.error?.status === 404;
    },
  };
}
