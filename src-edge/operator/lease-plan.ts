/**
 * What has to happen to the Lease of a connector, and what it says about the connector. Pure.
 */
import type { Connector, ConnectorClass } from '#contract/resources/generated.ts';
import type { Lease } from '#contract/resources/lease.ts';
import type { OwnerReference } from '#contract/resources/object-meta.ts';
import { isLeaseValid } from '#kube/lease.ts';

export const defaultLeaseSeconds = 30;

export type LeasePlan =
  | { readonly kind: 'keep'; readonly lease: Lease }
  | { readonly kind: 'create'; readonly lease: Lease }
  | { readonly kind: 'set-duration'; readonly lease: Lease }
  /** It belongs to an earlier connector of the same name. */
  | { readonly kind: 'remove'; readonly lease: Lease }
  /** There is no usable lease, and it is not for us to change that. */
  | { readonly kind: 'none'; readonly message: string };

export function ownerReferenceTo(connector: Connector): OwnerReference {
  const { name = '', uid = '' } = connector.metadata;
  return { apiVersion: connector.apiVersion, kind: 'Connector', name, uid, controller: true };
}

/** The Lease has the connector's name. */
export function planLease(connector: Connector, connectorClass: ConnectorClass, lease: Lease | undefined): LeasePlan {
  const byAgent = connectorClass.spec.leaseOwner === 'Agent';
  if (lease === undefined) {
    if (byAgent) return { kind: 'none', message: 'Connector lease not found. Agent may be offline.' };
    const { name = '', namespace = '' } = connector.metadata;
    return {
      kind: 'create',
      lease: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace, ownerReferences: [ownerReferenceTo(connector)] },
        spec: { leaseDurationSeconds: defaultLeaseSeconds },
      },
    };
  }
  const owner = (lease.metadata.ownerReferences ?? []).find(({ kind }) => kind === 'Connector');
  if (owner !== undefined && owner.uid !== connector.metadata.uid) return { kind: 'remove', lease };
  if (owner === undefined && !byAgent) {
    return {
      kind: 'none',
      message: `A Lease named "${lease.metadata.name ?? ''}" belongs to something else. Give the connector another name.`,
    };
  }
  const { leaseDurationSeconds = 0 } = lease.spec;
  return leaseDurationSeconds === 0 && !byAgent ? { kind: 'set-duration', lease } : { kind: 'keep', lease };
}

export type LeaseState =
  | { readonly valid: true; readonly expiresInMs: number }
  | { readonly valid: false; readonly message: string };

export function leaseState(lease: Lease, nowMs: number): LeaseState {
  const { renewTime, leaseDurationSeconds = 0 } = lease.spec;
  if (renewTime === undefined) return { valid: false, message: 'Connector lease has not been renewed yet.' };
  if (!isLeaseValid(lease, nowMs))
    return { valid: false, message: 'Connector lease has expired. Agent may be offline.' };
  return { valid: true, expiresInMs: Date.parse(renewTime) + leaseDurationSeconds * 1000 - nowMs };
}
