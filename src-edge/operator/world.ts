/**
 * What the operator knows of its control plane: one informer a kind, and the few questions all controllers ask.
 */
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type {
  Connector,
  ConnectorAdvertisement,
  ConnectorClass,
  DRTPServer,
  HTTPProxy,
} from '#contract/resources/generated.ts';
import { kinds, sallyportClass, type Kind } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import type { KubeClient } from '#kube/client.ts';
import { createInformer, type Informer } from '#kube/informer.ts';

export type World = {
  readonly kube: KubeClient;
  readonly classes: Informer<ConnectorClass>;
  readonly connectors: Informer<Connector>;
  readonly advertisements: Informer<ConnectorAdvertisement>;
  readonly proxies: Informer<HTTPProxy>;
  readonly edges: Informer<DRTPServer>;
  readonly leases: Informer<Lease>;
  start(): void;
  /** Resolves once everything is known that the control plane has, or `stop` was called. */
  synced(): Promise<void>;
  stop(): Promise<void>;
};

export function createWorld(options: {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): World {
  const { kube, ...surroundings } = options;
  const informerOf = <T extends KubernetesObject>(kind: Kind<T>): Informer<T> =>
    createInformer({ resource: kube.resource(kind), ...surroundings });
  const informers = {
    classes: informerOf(kinds.connectorClass),
    connectors: informerOf(kinds.connector),
    advertisements: informerOf(kinds.connectorAdvertisement),
    proxies: informerOf(kinds.httpProxy),
    edges: informerOf(kinds.drtpServer),
    leases: informerOf(kinds.lease),
  };
  const all = Object.values(informers);
  return {
    kube,
    ...informers,
    start: () => {
      for (const informer of all) informer.start();
    },
    synced: async () => {
      await Promise.all(all.map((informer) => informer.synced()));
    },
    stop: async () => {
      await Promise.all(all.map((informer) => informer.stop()));
    },
  };
}

/** The class of a connector; undefined if it does not exist. */
export function classOf(world: Pick<World, 'classes'>, connector: Connector): ConnectorClass | undefined {
  return world.classes.get({ namespace: null, name: connector.spec.connectorClassName });
}

/** True if another controller looks after the connector: then nothing of it is ours to write. */
export function belongsToOthers(world: Pick<World, 'classes'>, connector: Connector): boolean {
  const connectorClass = classOf(world, connector);
  return connectorClass !== undefined && connectorClass.spec.controllerName !== sallyportClass.controllerName;
}
