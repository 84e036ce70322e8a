/**
 * Which edge stands for a hostname, and the URL a visitor uses there. Pure.
 */
import type { DRTPServer } from '#contract/resources/generated.ts';

import { visitorPort } from './prober.ts';

function byHealthThenName(left: DRTPServer, right: DRTPServer): number {
  const key = ({ status, metadata }: DRTPServer): string =>
    `${status?.health === 'Healthy' ? 0 : 1} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  return key(left) < key(right) ? -1 : 1;
}

/** Edges that serve hostnames, healthy ones first. */
function serving(edges: readonly DRTPServer[]): readonly DRTPServer[] {
  return edges
    .filter((edge) => edge.spec.domain !== undefined && visitorPort(edge) !== null)
    .toSorted(byHealthThenName);
}

/** The domain of new hostnames; null while there is no edge. */
export function domainForNew(edges: readonly DRTPServer[]): string | null {
  return serving(edges)[0]?.spec.domain ?? null;
}

/** The edge at which `hostname` is visited; null if no edge has its domain. */
export function edgeOf(hostname: string, edges: readonly DRTPServer[]): DRTPServer | null {
  return serving(edges).find(({ spec }) => hostname.endsWith(`.${spec.domain ?? ''}`)) ?? null;
}

export function urlOf(hostname: string, edge: DRTPServer): string {
  const port = visitorPort(edge);
  return port === null || port === 80 ? `http://${hostname}` : `http://${hostname}:${port}`;
}
