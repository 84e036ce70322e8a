/**
 * Renews the lease of the agent's connector, the sign that the agent lives.
 *
 * The operator creates the lease and names it in `status.leaseRef`; until then there is nothing to do. A lease that
 * another living holder has is left to it.
 */
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { WorkResult } from '#base/work-queue.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import type { Connector } from '#contract/resources/generated.ts';
import type { Lease } from '#contract/resources/lease.ts';
import type { ObjectKey, ResourceClient } from '#kube/client.ts';
import { createController } from '#kube/controller.ts';
import type { Informer } from '#kube/informer.ts';
import { renewDelayMs, renewLease } from '#kube/lease.ts';

import type { Publisher } from './desired-resources.ts';

export type LeaseController = {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The lease as of the last renewal. */
  readonly lease: Lease | null;
  readonly problem: Problem | null;
  onChange(listener: () => void): () => void;
};

/** The operator's default, for a lease that does not say how long it lasts. */
const defaultDurationSeconds = 30;
const missingRetryMs = 2000;
const heldRetryMs = 5000;

export function createLeaseController(options: {
  readonly publisher: Publisher;
  readonly holderIdentity: string;
  readonly leases: ResourceClient<Lease>;
  readonly connectorInformer: Informer<Connector>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): LeaseController {
  const { publisher, holderIdentity, leases, connectorInformer, clock, random, log } = options;
  const connectorKey: ObjectKey = { namespace: publisher.namespace, name: publisher.connector };
  const changes = createListeners<void>();
  let lease: Lease | null = null;
  let problem: Problem | null = null;
  let dueAt = 0;

  const become = (nextLease: Lease | null, nextProblem: Problem | null): void => {
    lease = nextLease;
    problem = nextProblem;
    changes.emit();
  };

  const renew = async (name: string): Promise<WorkResult> => {
    const result = await renewLease({
      leases,
      key: { namespace: publisher.namespace, name },
      holderIdentity,
      clock,
    });
    switch (result.outcome) {
      case 'renewed': {
        become(result.lease, null);
        const delayMs = renewDelayMs(result.lease.spec.leaseDurationSeconds ?? defaultDurationSeconds, random);
        dueAt = clock.monotonic() + delayMs;
        return { requeueAfterMs: delayMs };
      }
      case 'held':
        if (problem === null) log.warn('lease is held by another agent', { holder: result.holder });
        become(null, problemOf('SP_LEASE_HELD', { connector: publisher.connector, holder: result.holder }));
        return { requeueAfterMs: heldRetryMs };
      default:
        become(null, null);
        return { requeueAfterMs: missingRetryMs };
    }
  };

  const reconcile = async (): Promise<WorkResult | void> => {
    const name = connectorInformer.get(connectorKey)?.status?.leaseRef?.name;
    if (name === undefined) {
      if (lease !== null) become(null, null);
      return undefined;
    }
    // The connector changes for many reasons; the lease is only written when it is due.
    const remainingMs = dueAt - clock.monotonic();
    if (lease?.metadata.name === name && remainingMs > 0) return { requeueAfterMs: remainingMs };
    return renew(name);
  };

  const controller = createController({ name: 'lease', clock, random, log, reconcile });
  controller.watch(connectorInformer, () => [connectorKey]);
  // Without this a renewal that failed during an outage would wait for its back-off.
  const unsubscribe = connectorInformer.onHealth(({ connected }) => {
    if (connected) controller.enqueue(connectorKey);
  });

  return {
    start: async () => {
      await controller.start();
      controller.enqueue(connectorKey);
    },
    stop: async () => {
      unsubscribe();
      await controller.stop();
    },
    get lease() {
      return lease;
    },
    get problem() {
      return problem;
    },
    onChange: (listener) => changes.add(listener),
  };
}
