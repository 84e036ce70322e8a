/**
 * Keeps the control plane's picture of this edge true: its DRTPServer, its health and its Lease.
 *
 * Level-based: every pass compares and writes what differs. Losing the control plane costs nothing but passes.
 */
import { createBackoff } from '#base/backoff.ts';
import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';
import { apiVersionOf, kinds } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { KubeError, type KubeClient, type ObjectKey } from '#kube/client.ts';
import { covers } from '#kube/covers.ts';
import { renewDelayMs, renewLease } from '#kube/lease.ts';

export type EdgeSpec = DRTPServer['spec'];

export type Registration = {
  start(): void;
  /** Reports the edge as draining if the control plane takes that within `withinMs`, and renews no more. */
  drain(withinMs: number): Promise<void>;
};

const leaseDurationSeconds = 30;

export function createRegistration(options: {
  readonly kube: KubeClient;
  readonly key: ObjectKey & { readonly namespace: string };
  readonly spec: EdgeSpec;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): Registration {
  const { key, spec, clock, random, log } = options;
  const servers = options.kube.resource(kinds.drtpServer);
  const leases = options.kube.resource(kinds.lease);
  // A DRTPServer and a Connector may have the same name; their leases share one namespace.
  const leaseKey = { namespace: key.namespace, name: `drtpserver-${key.name}` };
  const backoff = createBackoff({ firstMs: 500, capMs: 10_000, random });
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  const ensureServer = async (): Promise<DRTPServer> => {
    const present = await servers.get(key);
    if (present === null) {
      return servers.create({
        apiVersion: apiVersionOf(kinds.drtpServer) as DRTPServer['apiVersion'],
        kind: 'DRTPServer',
        metadata: { ...key },
        spec,
      });
    }
    // The whole spec, so that what an earlier configuration said and this one does not is gone.
    const isSame = covers(present.spec, spec) && covers(spec, present.spec);
    return isSame ? present : servers.replace({ ...present, spec });
  };

  const createLease = (server: DRTPServer): Promise<Lease> =>
    leases.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...leaseKey,
        ownerReferences: [
          {
            apiVersion: server.apiVersion,
            kind: server.kind,
            name: key.name,
            uid: server.metadata.uid ?? '',
            controller: true,
          },
        ],
      },
      spec: { leaseDurationSeconds },
    });

  const renew = async (server: DRTPServer): Promise<void> => {
    const renewal = { leases, key: leaseKey, holderIdentity: key.name, clock };
    const { outcome } = await renewLease(renewal);
    if (outcome === 'held') log.warn('the lease of this edge is held by another', { lease: leaseKey.name });
    if (outcome !== 'missing') return;
    await createLease(server);
    await renewLease(renewal);
  };

  const report = async (server: DRTPServer, health: 'Healthy' | 'Draining'): Promise<void> => {
    const status = { health, leaseRef: { name: leaseKey.name } };
    if (!covers(server.status, status)) await servers.patchStatus(key, { status });
  };

  const pass = async (): Promise<number> => {
    try {
      const server = await ensureServer();
      await renew(server);
      if (!stopping.signal.aborted) await report(server, 'Healthy');
      backoff.reset();
      return renewDelayMs(leaseDurationSeconds, random);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const retryInMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
      log.warn('this edge could not be registered', { retryInMs, error });
      return retryInMs;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) await sleep(clock, await pass(), stopping.signal);
  };

  return {
    start: () => {
      running ??= run().catch((error: unknown) => log.error('registration ended', { error }));
    },
    drain: async (withinMs) => {
      stopping.abort();
      const reported = (async () => {
        await running;
        await servers.patchStatus(key, { status: { health: 'Draining' } });
      })().catch((error: unknown) => log.debug('draining could not be reported', { error }));
      const timeUp = new AbortController();
      await Promise.race([reported, sleep(clock, withinMs, timeUp.signal)]);
      timeUp.abort();
    },
  };
}
