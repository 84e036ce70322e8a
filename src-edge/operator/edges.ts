/**
 * Which edge stands for a hostname, and the URL a visitor uses there. Pure.
 */
import type { DRTPServer } from '#contract/resources/generated.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { isLeaseValid } from '#kube/lease.ts';

import { visitorPort } from './edge-request.ts';

/** True if the edge says that it is well and has said so lately: one that crashed could not take its word back. */
export function isAlive(edge: DRTPServer, lease: Lease | undefined, nowMs: number): boolean {
  return edge.status?.health === 'Healthy' && lease !== undefined && isLeaseValid(lease, nowMs);
}

/** The edges that serve hostnames, those alive first, else by name. */
export function rankEdges(edges: readonly DRTPServer[], alive: (edge: DRTPServer) => boolean): readonly DRTPServer[] {
  return edges
    .filter((edge) => edge.spec.domain !== undefined && visitorPort(edge) !== null)
    .map((edge) => {
      const { namespace = '', name = '' } = edge.metadata;
      return { edge, rank: `${alive(edge) ? 0 : 1} ${namespace}/${name}` };
    })
    .toSorted((left, right) => (left.rank < right.rank ? -1 : 1))
    .map(({ edge }) => edge);
}

/** The domain of new hostnames; null while there is no edge. */
export function domainForNew(ranked: readonly DRTPServer[]): string | null {
  return ranked[0]?.spec.domain ?? null;
}

/** The edge at which `hostname` is visited; null if no edge has its domain. */
export function edgeOf(hostname: string, ranked: readonly DRTPServer[]): DRTPServer | null {
  return ranked.find(({ spec }) => hostname.endsWith(`.${spec.domain ?? ''}`)) ?? null;
}

export function urlOf(hostname: string, edge: DRTPServer): string {
  const port = visitorPort(edge);
  return port === null || port === 80 ? `http://${hostname}` : `http://${hostname}:${port}`;
}
