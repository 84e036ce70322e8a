/**
 * Of several processes that could do the same work, one leads: who holds a Lease (coordination.k8s.io/v1).
 *
 * Whether the Lease has expired is judged by how long it has not changed before our eyes and not by the time written in
 * it, so that clocks that differ elect nobody. Who leads gives up before the others may take over.
 */
import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { KubeError, type ResourceClient } from './client.ts';
import { createInformer } from './informer.ts';
import { microTime } from './lease.ts';
import type { ObjectKey } from './object-key.ts';

export type ElectionTiming = {
  /** Silence of the leader after which another takes over. */
  readonly leaseDurationSeconds: number;
  /** Time without a renewal after which the leader stops leading; shorter than the above. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two attempts. */
  readonly retryMs: number;
};

/** The values that Kubernetes' own controllers use. */
export const defaultElectionTiming: ElectionTiming = {
  leaseDurationSeconds: 15,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
};

export type ElectionOptions = {
  readonly leases: ResourceClient<Lease>;
  readonly key: ObjectKey & { readonly namespace: string };
  /** Different for every process, also on one machine. */
  readonly holderIdentity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: ElectionTiming;
  /** Begins to lead. What it returns ends that, and is awaited before this process stands again. */
  readonly lead: () => Promise<() => Promise<void>>;
};

export type Election = {
  /** Stops leading, and gives the Lease back so that another need not wait. */
  close(): Promise<void>;
};

/** Stands for election until closed. */
export function joinElection(options: ElectionOptions): Election {
  const { leases, key, holderIdentity, clock, log } = options;
  const timing = options.timing ?? defaultElectionTiming;
  const closing = new AbortController();
  const informer = createInformer({
    resource: leases,
    list: { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` },
    clock,
    random: options.random,
    log,
  });
  /** When the Lease last changed, as far as we saw. */
  let changedAt = clock.monotonic();
  let wake = (): void => {};
  const unsubscribe = informer.onChange(() => {
    changedAt = clock.monotonic();
    wake();
  });
  let renewedAt = 0;

  /** Until `ms` are over, the Lease changes, or the election is closed. */
  const wait = async (ms: number): Promise<void> => {
    const waking = new AbortController();
    wake = () => waking.abort();
    await sleep(clock, ms, AbortSignal.any([waking.signal, closing.signal]));
    wake = () => {};
  };

  const specFor = (previous: Lease['spec']): Lease['spec'] => {
    const now = microTime(clock.now());
    const isOurs = previous.holderIdentity === holderIdentity;
    return {
      ...previous,
      holderIdentity,
      leaseDurationSeconds: timing.leaseDurationSeconds,
      renewTime: now,
      ...(isOurs ? {} : { acquireTime: now, leaseTransitions: (previous.leaseTransitions ?? 0) + 1 }),
    };
  };

  /** Milliseconds until the Lease may be taken; 0 or less for now. */
  const takeableInMs = (lease: Lease | undefined): number => {
    const holder = lease?.spec.holderIdentity ?? '';
    if (holder === '' || holder === holderIdentity) return 0;
    const durationMs = (lease?.spec.leaseDurationSeconds ?? timing.leaseDurationSeconds) * 1000;
    return changedAt + durationMs - clock.monotonic();
  };

  /**
   * Takes the Lease, or renews it while leading. `lost`: another has it. `failed`: nobody knows, the control plane did not
   * answer or somebody was faster.
   */
  const take = async (isLeading: boolean): Promise<'ours' | 'lost' | 'failed'> => {
    const startedAt = clock.monotonic();
    try {
      const lease = await leases.get(key);
      if (lease === null) {
        const metadata = { ...key };
        await leases.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: specFor({}) });
      } else {
        const holder = lease.spec.holderIdentity ?? '';
        // What changed since we judged it is not ours to take.
        const isNews = lease.metadata.resourceVersion !== informer.get(key)?.metadata.resourceVersion;
        if (holder !== '' && holder !== holderIdentity && (isLeading || isNews)) return 'lost';
        await leases.replace({ ...lease, spec: specFor(lease.spec) });
      }
      // Counted from before the call: the others may have seen the renewal as early as that.
      renewedAt = startedAt;
      return 'ours';
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.status !== 409) log.warn('the leader Lease could not be written', { error });
      return 'failed';
    }
  };

  const leadWhileRenewed = async (): Promise<void> => {
    log.info('leading', { lease: key.name });
    const stopLeading = await options.lead();
    const remainingMs = (): number => renewedAt + timing.renewDeadlineMs - clock.monotonic();
    while (!closing.signal.aborted && remainingMs() > 0) {
      await sleep(clock, Math.min(timing.retryMs, remainingMs()), closing.signal);
      if (closing.signal.aborted) break;
      const outcome = await Promise.race([take(true), sleep(clock, Math.max(0, remainingMs()))]);
      if (outcome === 'lost') break;
    }
    if (!closing.signal.aborted) log.warn('not leading any more', { lease: key.name });
    await stopLeading();
  };

  const stand = async (): Promise<void> => {
    await informer.synced(closing.signal);
    while (!closing.signal.aborted) {
      const inMs = takeableInMs(informer.get(key));
      if (inMs > 0) await wait(inMs);
      else if ((await take(false)) === 'ours') await leadWhileRenewed();
      else await wait(timing.retryMs * (1 + options.random() / 5));
    }
  };

  const release = async (): Promise<void> => {
    const lease = await leases.get(key);
    if (lease?.spec.holderIdentity !== holderIdentity) return;
    // Left out and not empty: Kubernetes refuses an empty identity.
    const { leaseDurationSeconds = timing.leaseDurationSeconds, leaseTransitions = 0 } = lease.spec;
    await leases.replace({ ...lease, spec: { leaseDurationSeconds, leaseTransitions } });
  };

  informer.start();
  // A fault of `lead` ends the process: who holds the Lease and does not work keeps others from it.
  const standing = stand();
  return {
    close: async () => {
      closing.abort();
      await standing.catch(() => {});
      unsubscribe();
      await informer.stop();
      await release().catch((error: unknown) => log.debug('the leader Lease could not be given back', { error }));
    },
  };
}
