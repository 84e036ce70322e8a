/**
 * The operator as a library: the platform's controllers, and which changes wake which of them.
 */
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Secret } from '#base/secret.ts';
import type { WorkResult } from '#base/work-queue.ts';
import type { HTTPProxy } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { KubeClient, ObjectKey } from '#kube/client.ts';
import { createController, type Controller } from '#kube/controller.ts';
import { joinElection, type ElectionTiming } from '#kube/leader-election.ts';
import { keyOf } from '#kube/object-key.ts';

import { createAdvertisementReconciler } from './advertisement-controller.ts';
import { createClassReconciler, sallyportClassKey } from './connector-class.ts';
import { createConnectorReconciler } from './connector-controller.ts';
import { createProxyReconciler } from './http-proxy-controller.ts';
import { createPace } from './pace.ts';
import { createPatientProbes } from './patient-probes.ts';
import { createProber } from './prober.ts';
import { watchEdges } from './edge-watch.ts';
import { createWorld, type World } from './world.ts';

export type OperatorOptions = {
  /** Closed with the operator. */
  readonly kube: KubeClient;
  readonly probeToken: Secret<string>;
  readonly election: OperatorElection;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
};

export type Operator = { readonly close: () => Promise<void> };

/** How one of several operators is chosen. */
export type OperatorElection = {
  /** Where the Lease is. */
  readonly namespace: string;
  /** Different for every operator of a control plane. */
  readonly identity: string;
  readonly timing?: ElectionTiming;
};

const leaseName = 'sallyport-operator';

/** Passes at once, for each of the two kinds that are probed; a slow service holds one up for two seconds. */
const probesAtOnce = 32;

/**
 * Resolves once everything is known that the control plane has. Work begins when this operator is elected; one that waits
 * knows the world already, so that it can take over at once.
 */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { kube, clock, random, log } = options;
  const world = createWorld(options);
  world.start();
  await world.synced();
  const { namespace, identity, timing } = options.election;
  const election = joinElection({
    leases: kube.resource(kinds.lease),
    key: { namespace, name: leaseName },
    holderIdentity: identity,
    clock,
    random,
    log,
    ...(timing === undefined ? {} : { timing }),
    lead: () => work(options, world),
  });
  return {
    close: async () => {
      await election.close();
      await world.stop();
      kube.close();
    },
  };
}

/** The platform's controllers, until the function it returns is called. */
async function work(options: OperatorOptions, world: World): Promise<() => Promise<void>> {
  const { clock, random, log } = options;
  const prober = createProber({ token: options.probeToken, clock });
  const probes = createPatientProbes(clock);
  const surroundings = { world, prober, probes, clock, random };
  const controller = (
    name: string,
    reconcile: (key: ObjectKey) => Promise<WorkResult | void>,
    concurrency = 1,
  ): Controller => createController({ name, reconcile, concurrency, clock, random, log });

  const classes = controller('connectorclass', createClassReconciler(world, log));
  const connectors = controller(
    'connector',
    createConnectorReconciler({ ...surroundings, pace: createPace(random) }),
    probesAtOnce,
  );
  const advertisements = controller('advertisement', createAdvertisementReconciler(surroundings));
  const proxies = controller(
    'httpproxy',
    createProxyReconciler({ ...surroundings, pace: createPace(random) }),
    probesAtOnce,
  );
  wire(world, { classes, connectors, advertisements, proxies });

  const controllers = [classes, connectors, advertisements, proxies];
  await Promise.all(controllers.map((each) => each.start()));
  classes.enqueue(sallyportClassKey);
  const watch = watchEdges({
    ...options,
    edges: world.edges,
    token: options.probeToken,
    onObservation: ({ kind, namespace, name }) => {
      if (kind === 'proxy') proxies.enqueue({ namespace, name });
      else {
        connectors.enqueue({ namespace, name });
        for (const key of proxiesThrough(world, namespace, name)) proxies.enqueue(key);
      }
    },
    onGap: () => {
      for (const object of world.connectors.list()) connectors.enqueue(keyOf(object));
      for (const object of world.proxies.list()) proxies.enqueue(keyOf(object));
    },
  });
  return async () => {
    await watch.close();
    probes.close();
    await Promise.all(controllers.map((each) => each.stop()));
  };
}

type Controllers = {
  readonly classes: Controller;
  readonly connectors: Controller;
  readonly advertisements: Controller;
  readonly proxies: Controller;
};

function wire(world: World, { classes, connectors, advertisements, proxies }: Controllers): void {
  classes.watch(world.classes, (object) => [keyOf(object)]);

  connectors.watch(world.connectors, (object) => [keyOf(object)]);
  // A connector's Lease has its name.
  connectors.watch(world.leases, (object) => [keyOf(object)]);
  connectors.watch(world.edges, () => world.connectors.list().map(keyOf));
  connectors.watch(world.classes, ({ metadata }) =>
    world.connectors
      .list()
      .flatMap((object) => (object.spec.connectorClassName === metadata.name ? [keyOf(object)] : [])),
  );

  advertisements.watch(world.advertisements, (object) => [keyOf(object)]);
  advertisements.watch(world.connectors, ({ metadata }) =>
    world.advertisements
      .list()
      .flatMap((object) =>
        object.metadata.namespace === metadata.namespace && object.spec.connectorRef.name === metadata.name
          ? [keyOf(object)]
          : [],
      ),
  );

  proxies.watch(world.proxies, (object) => [keyOf(object)]);
  proxies.watch(world.connectors, ({ metadata }) => proxiesThrough(world, metadata.namespace, metadata.name));
  proxies.watch(world.advertisements, ({ metadata, spec }) =>
    proxiesThrough(world, metadata.namespace, spec.connectorRef.name),
  );
  proxies.watch(world.edges, () => world.proxies.list().map(keyOf));
}

/** The proxies with a backend behind the connector. */
function proxiesThrough(
  world: World,
  namespace: string | undefined,
  connectorName: string | undefined,
): readonly ObjectKey[] {
  return world.proxies
    .list()
    .flatMap((object) =>
      object.metadata.namespace === namespace && names(object, connectorName) ? [keyOf(object)] : [],
    );
}

function names(proxy: HTTPProxy, connectorName: string | undefined): boolean {
  return proxy.spec.rules.some(({ backends }) =>
    (backends ?? []).some(({ connector }) => connector !== undefined && connector.name === connectorName),
  );
}
