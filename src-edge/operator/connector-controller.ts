/**
 * Looks after connectors: their class, their Lease, and whether traffic can really reach their agent.
 */
import { rfc3339, type Clock } from '#base/clock.ts';
import type { WorkResult } from '#base/work-queue.ts';
import type { Connector, ConnectorClass } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { KubeError, type ObjectKey } from '#kube/client.ts';
import { formatKey, keyOf } from '#kube/object-key.ts';

import {
  acceptedAspect,
  isSilent,
  notReadyAspect,
  slowReason,
  tunnelAspect,
  type TunnelFacts,
} from './connector-conditions.ts';
import { defaultLeaseSeconds, leaseState, planLease } from './lease-plan.ts';
import type { Pace } from './pace.ts';
import { createPatience } from './patience.ts';
import type { Prober } from './prober.ts';
import { writeStatus, type Aspect } from './status-writer.ts';
import { belongsToOthers, classOf, type World } from './world.ts';

type LeaseOutcome =
  | { readonly kind: 'lease'; readonly lease: Lease }
  | { readonly kind: 'none'; readonly message: string }
  | { readonly kind: 'again' };

/** Time for a removed Lease to be gone from the informer too. */
const againMs = 100;

type ConnectorStatus = NonNullable<Connector['status']>;
type Probes = TunnelFacts['probes'];

/** The key that the connector has published and proved, where its status does not say so yet. */
function newlyProven(connector: Connector, probes: Probes, nowMs: number): Pick<ConnectorStatus, 'provenKey'> {
  const published = connector.status?.connectionDetails?.publicKey?.id.toLowerCase();
  const isProven = probes.some(({ answer }) => answer.kind === 'answer' && answer.provenKey === published);
  return published === undefined || !isProven || connector.status?.provenKey?.id === published
    ? {}
    : { provenKey: { id: published, since: rfc3339(nowMs) } };
}

export function createConnectorReconciler(options: {
  readonly world: World;
  readonly prober: Prober;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
}): (key: ObjectKey) => Promise<WorkResult | void> {
  const { world, prober, pace, clock, random } = options;
  const connectors = world.kube.resource(kinds.connector);
  const leases = world.kube.resource(kinds.lease);
  const patience = createPatience();

  const write = async (
    connector: Connector,
    aspects: readonly Aspect[],
    lease: Lease | null = null,
    proven: Pick<ConnectorStatus, 'provenKey'> = {},
  ): Promise<void> => {
    await writeStatus({
      resource: connectors,
      object: connector,
      aspects,
      fields: { ...(lease === null ? {} : { leaseRef: { name: lease.metadata.name ?? '' } }), ...proven },
      nowMs: clock.now(),
    });
  };

  const createLease = async (lease: Lease): Promise<Lease | null> => {
    try {
      return await leases.create(lease);
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 409)) throw error;
      return leases.get(keyOf(lease));
    }
  };

  const settleLease = async (connector: Connector, connectorClass: ConnectorClass): Promise<LeaseOutcome> => {
    const plan = planLease(connector, connectorClass, world.leases.get(keyOf(connector)));
    if (plan.kind === 'none') return plan;
    if (plan.kind === 'create') {
      const lease = await createLease(plan.lease);
      return lease === null ? { kind: 'again' } : { kind: 'lease', lease };
    }
    if (plan.kind === 'set-duration') {
      const { resourceVersion } = plan.lease.metadata;
      const patch = { metadata: { resourceVersion }, spec: { leaseDurationSeconds: defaultLeaseSeconds } };
      return { kind: 'lease', lease: await leases.patch(keyOf(plan.lease), patch) };
    }
    if (plan.kind === 'remove') {
      const { uid } = plan.lease.metadata;
      await leases.delete(keyOf(plan.lease), uid === undefined ? {} : { uid });
      return { kind: 'again' };
    }
    return { kind: 'lease', lease: plan.lease };
  };

  const probeTunnel = async (connector: Connector): Promise<{ readonly ready: Aspect; readonly probes: Probes }> => {
    const { namespace = '', name = '' } = connector.metadata;
    const probes = await Promise.all(
      world.edges
        .list()
        .map(async (edge) => ({ edge, answer: await prober.probeConnector(edge, { namespace, name }) })),
    );
    const taught = !probes.some(({ answer }) => isSilent(answer));
    const exhausted = patience.isExhausted(formatKey(keyOf(connector)), { taught });
    return { ready: tunnelAspect({ connector, probes, exhausted }), probes };
  };

  return async (key) => {
    const connector = world.connectors.get(key);
    if (connector === undefined || connector.metadata.deletionTimestamp !== undefined) {
      pace.forget(formatKey(key));
      patience.forget(formatKey(key));
      return undefined;
    }
    if (belongsToOthers(world, connector)) return undefined;
    const connectorClass = classOf(world, connector);
    const accepted = acceptedAspect(connector.spec.connectorClassName, connectorClass);
    if (connectorClass === undefined) {
      await write(connector, [accepted, notReadyAspect('Waiting for ConnectorClass to be resolved.')]);
      return undefined;
    }
    const settled = await settleLease(connector, connectorClass);
    if (settled.kind === 'again') return { requeueAfterMs: againMs };
    if (settled.kind === 'none') {
      await write(connector, [accepted, notReadyAspect(settled.message)]);
      return undefined;
    }
    const state = leaseState(settled.lease, clock.now());
    if (!state.valid) {
      // The next renewal is an event.
      await write(connector, [accepted, notReadyAspect(state.message)], settled.lease);
      return undefined;
    }
    const { ready, probes } = await probeTunnel(connector);
    await write(connector, [accepted, ready], settled.lease, newlyProven(connector, probes, clock.now()));
    const nextMs = pace.next(formatKey(key), {
      state: ready.message,
      settled: ready.status === 'True' && ready.reason !== slowReason,
    });
    // A little after the lease ends, so that connectors which end together are not looked at together.
    const expiryMs = state.expiresInMs + 1 + (random() * (settled.lease.spec.leaseDurationSeconds ?? 0) * 1000) / 10;
    return { requeueAfterMs: Math.min(nextMs, expiryMs) };
  };
}
