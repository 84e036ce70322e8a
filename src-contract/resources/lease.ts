/**
 * `Lease` of coordination.k8s.io/v1: the heartbeat of a connector or an edge.
 */
import type { ObjectMeta } from './object-meta.ts';

/** A Lease; times are MicroTime (RFC 3339 with six fraction digits). */
export type Lease = {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly holderIdentity?: string;
    /** Seconds after `renewTime` until the lease counts as expired. */
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};
