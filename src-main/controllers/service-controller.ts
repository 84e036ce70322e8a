/**
 * Publishes the agent's services: for each an HTTPProxy, and while it is switched on a ConnectorAdvertisement.
 *
 * Level-based: reads the service and what informers show, plans, acts. Problems are kept for each service until the
 * next pass that meets none.
 */
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { WorkResult } from '#base/work-queue.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import type { ConnectorAdvertisement, HTTPProxy } from '#contract/resources/generated.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import { KubeError, type ObjectKey, type ResourceClient } from '#kube/client.ts';
import { createController } from '#kube/controller.ts';
import type { Informer } from '#kube/informer.ts';

import type { ServiceRegistry } from '../services/service-registry.ts';
import type { Publisher } from './desired-resources.ts';
import { problemOfFailure } from './kube-problem.ts';
import { isOwn, planService, type ServiceStep, type ServiceWorld } from './plan-service.ts';

export type ServiceController = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** False if nothing was written for the service since this controller was made. */
  mayHavePublished(name: string): boolean;
  /** What keeps the service from being declared, from the last pass. */
  problemOf(name: string): Problem | null;
  /** A problem appeared or went away. */
  onChange(listener: () => void): () => void;
};

export type ServiceControllerOptions = {
  readonly publisher: Publisher;
  readonly server: string;
  readonly services: ServiceRegistry;
  readonly proxies: ResourceClient<HTTPProxy>;
  readonly advertisements: ResourceClient<ConnectorAdvertisement>;
  readonly proxyInformer: Informer<HTTPProxy>;
  readonly advertisementInformer: Informer<ConnectorAdvertisement>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** Somebody else's proxy has the name; whether it is still there is looked up this often. */
const takenRetryMs = 15_000;
/** While deletion waits for finalizers, in case the event is missed. */
const removingRetryMs = 1000;

/** The name is used by an object that is not this connector's. */
class NameTaken extends Error {
  override readonly name = 'NameTaken';
}

export function createServiceController(options: ServiceControllerOptions): ServiceController {
  const { publisher, services, proxies, advertisements, proxyInformer, advertisementInformer } = options;
  const changes = createListeners<void>();
  const problems = new Map<string, Problem>();
  const published = new Set<string>();

  const setProblem = (name: string, problem: Problem | null): void => {
    if (problem === null ? !problems.delete(name) : problems.get(name)?.detail === problem.detail) return;
    if (problem !== null) problems.set(name, problem);
    changes.emit();
  };

  /** Creates `object`; that our own is already there only means that the informer is a moment behind. */
  const create = async <T extends KubernetesObject>(client: ResourceClient<T>, object: T): Promise<void> => {
    try {
      await client.create(object);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 409) throw error;
      const { name = '', namespace = null } = object.metadata;
      const present = await client.get({ name, namespace });
      if (present !== null && !isOwn(present, publisher)) throw new NameTaken(name);
    }
  };

  const perform = async (step: ServiceStep, key: ObjectKey): Promise<void> => {
    switch (step.do) {
      case 'createProxy':
        return create(proxies, step.object);
      case 'createAdvertisement':
        return create(advertisements, step.object);
      case 'patchProxy':
        await proxies.patch(key, step.patch);
        return undefined;
      case 'patchAdvertisement':
        await advertisements.patch(key, step.patch);
        return undefined;
      case 'deleteProxy':
        return proxies.delete(key, step.uid === undefined ? {} : { uid: step.uid });
      case 'deleteAdvertisement':
        return advertisements.delete(key, step.uid === undefined ? {} : { uid: step.uid });
      case 'forget':
        return services.forget(key.name);
    }
  };

  /** For removal the server is asked, since an informer may not show yet what was created a moment ago. */
  const observe = async (key: ObjectKey): Promise<ServiceWorld> => {
    const service = services.get(key.name);
    if (service?.removing !== true) {
      if (service !== undefined) published.add(key.name);
      return { service, publisher, proxy: proxyInformer.get(key), advertisement: advertisementInformer.get(key) };
    }
    const [proxy, advertisement] = await Promise.all([proxies.get(key), advertisements.get(key)]);
    const own = <T extends KubernetesObject>(object: T | null): T | undefined =>
      object !== null && isOwn(object, publisher) ? object : undefined;
    return { service, publisher, proxy: own(proxy), advertisement: own(advertisement) };
  };

  const reconcile = async (key: ObjectKey): Promise<WorkResult | void> => {
    try {
      const steps = planService(await observe(key));
      for (const step of steps) await perform(step, key);
      setProblem(key.name, null);
      if (services.get(key.name)?.removing !== true) return undefined;
      // What was just deleted is usually gone at once; the next pass finds that out and forgets the service.
      return { requeueAfterMs: steps.length > 0 ? 0 : removingRetryMs };
    } catch (error) {
      if (error instanceof NameTaken) {
        const reason = 'Another connector in this control plane publishes under it.';
        setProblem(key.name, problemOf('SP_SERVICE_NAME_TAKEN', { name: key.name, reason }));
        return { requeueAfterMs: takenRetryMs };
      }
      // 409 is a write of somebody else in between; the next pass sees it.
      if (!(error instanceof KubeError) || error.status !== 409) {
        setProblem(key.name, problemOfFailure(error, { kind: 'HTTPProxy', server: options.server }));
      }
      throw error;
    }
  };

  const controller = createController({
    name: 'services',
    clock: options.clock,
    random: options.random,
    log: options.log,
    reconcile,
  });
  const keyOf = (name: string): ObjectKey => ({ namespace: publisher.namespace, name });
  const ownKey = ({ metadata }: KubernetesObject): readonly ObjectKey[] => [keyOf(metadata.name ?? '')];
  controller.watch(proxyInformer, ownKey);
  controller.watch(advertisementInformer, ownKey);
  const enqueueAll = (): void => {
    for (const { name } of services.list()) controller.enqueue(keyOf(name));
  };
  const unsubscribes = [
    services.onChange((name) => controller.enqueue(keyOf(name))),
    // Back after an outage: now, instead of when the back-off ends.
    proxyInformer.onHealth(({ connected }) => {
      if (connected) enqueueAll();
    }),
  ];

  return {
    start: async () => {
      await controller.start();
      enqueueAll();
    },
    stop: async () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
      await controller.stop();
    },
    mayHavePublished: (name) => published.has(name),
    problemOf: (name) => problems.get(name) ?? null,
    onChange: (listener) => changes.add(listener),
  };
}
