/**
 * Keeps the tunnel engine's configuration in step with the control plane and the local services.
 */
import type { EngineConfig } from '#contract/engine.ts';
import type { Connector, ConnectorAdvertisement, DRTPServer } from '#contract/resources/generated.ts';
import type { Informer } from '#kube/informer.ts';

import type { ServiceRegistry } from '../services/service-registry.ts';
import type { Publisher } from './desired-resources.ts';
import { engineConfigOf } from './engine-config.ts';

export type EngineConfigController = { start(): void; stop(): void };

export function createEngineConfigController(options: {
  readonly publisher: Publisher;
  readonly services: ServiceRegistry;
  readonly connectorInformer: Informer<Connector>;
  readonly advertisementInformer: Informer<ConnectorAdvertisement>;
  readonly serverInformer: Informer<DRTPServer>;
  readonly apply: (config: Omit<EngineConfig, 'version'>) => void;
}): EngineConfigController {
  const { publisher, services, connectorInformer, advertisementInformer, serverInformer, apply } = options;
  let applied = '';
  let unsubscribes: readonly (() => void)[] = [];

  const reconcile = (): void => {
    // Before the first lists are in, an empty picture would tear down what runs.
    if (!connectorInformer.hasSynced || !advertisementInformer.hasSynced || !serverInformer.hasSynced) return;
    const config = engineConfigOf({
      connector: connectorInformer.get({ namespace: publisher.namespace, name: publisher.connector }),
      servers: serverInformer.list(),
      advertisements: advertisementInformer.list(),
      services: services.list(),
    });
    const text = JSON.stringify(config);
    if (text === applied) return;
    applied = text;
    apply(config);
  };

  return {
    start: () => {
      unsubscribes = [
        connectorInformer.onChange(reconcile),
        advertisementInformer.onChange(reconcile),
        serverInformer.onChange(reconcile),
        services.onChange(reconcile),
      ];
      for (const informer of [connectorInformer, advertisementInformer, serverInformer]) {
        void informer.synced().then(reconcile);
      }
      reconcile();
    },
    stop: () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
      unsubscribes = [];
    },
  };
}
