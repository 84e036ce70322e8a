/**
 * A request of the operator to the visitors' port of an edge.
 *
 * Dials the address of the edge's DRTPServer, never a hostname: it need not resolve where the operator runs.
 */
import http from 'node:http';

import type { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';

import { probeHeader } from '../probe-wire.ts';

/** Port on which `edge` receives visitors, or null. */
export function visitorPort(edge: DRTPServer): number | null {
  return edge.spec.ports.find(({ name }) => name === 'http')?.port ?? null;
}

/** A GET with the probe token and a connection of its own, for the caller to end; null if the edge has no port. */
export function edgeRequest(
  edge: DRTPServer,
  options: { readonly host: string; readonly path: string; readonly token: Secret<string> },
): http.ClientRequest | null {
  const port = visitorPort(edge);
  if (port === null) return null;
  return http.request({
    host: edge.spec.address.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: options.path,
    agent: false,
    headers: {
      host: port === 80 ? options.host : `${options.host}:${port}`,
      [probeHeader]: options.token.reveal(),
      'user-agent': 'sallyport-operator',
    },
  });
}
