/**
 * Leases (coordination.k8s.io/v1): renewing one's own, and judging whether one still holds.
 */
import type { Clock } from '#base/clock.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { KubeError, type ResourceClient } from './client.ts';
import type { ObjectKey } from './object-key.ts';

/** Longest time between renewals, however long the lease lasts: others learn late enough as it is. */
const maxRenewMs = 15_000;

/** `ms` since the Unix epoch as MicroTime: RFC 3339 with six fraction digits. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

/** True while `now ≤ renewTime + leaseDurationSeconds`. */
export function isLeaseValid(lease: Lease, nowMs: number): boolean {
  const { renewTime, leaseDurationSeconds } = lease.spec;
  if (renewTime === undefined || leaseDurationSeconds === undefined) return false;
  return nowMs <= Date.parse(renewTime) + leaseDurationSeconds * 1000;
}

/** Milliseconds until the next renewal: half the duration less up to a tenth of it, at most 15 s. */
export function renewDelayMs(durationSeconds: number, random: () => number): number {
  return Math.min(maxRenewMs, (durationSeconds * 1000) / 2) * (1 - random() / 10);
}

export type RenewOutcome =
  | { readonly outcome: 'renewed'; readonly lease: Lease }
  /** Somebody else holds it, and it has not expired. */
  | { readonly outcome: 'held'; readonly holder: string }
  | { readonly outcome: 'missing' };

/**
 * Renews the lease for `holderIdentity`, taking it over if it is free or expired. PUT with the version that was read, so
 * that of two holders only one succeeds. Rejects with KubeError.
 */
export async function renewLease(options: {
  readonly leases: ResourceClient<Lease>;
  readonly key: ObjectKey;
  readonly holderIdentity: string;
  readonly clock: Clock;
}): Promise<RenewOutcome> {
  const { leases, key, holderIdentity, clock } = options;
  const lease = await leases.get(key);
  if (lease === null) return { outcome: 'missing' };
  const holder = lease.spec.holderIdentity;
  const isOurs = holder === holderIdentity;
  const isFree = holder === undefined || holder === '';
  if (!isOurs && !isFree && isLeaseValid(lease, clock.now())) return { outcome: 'held', holder };
  const now = microTime(clock.now());
  try {
    const renewed = await leases.replace({
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity,
        renewTime: now,
        ...(isOurs
          ? {}
          : { acquireTime: now, leaseTransitions: (lease.spec.leaseTransitions ?? 0) + (isFree ? 0 : 1) }),
      },
    });
    return { outcome: 'renewed', lease: renewed };
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return { outcome: 'missing' };
    throw error;
  }
}
