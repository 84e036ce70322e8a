/**
 * Asks an edge, as a visitor would, whether a hostname or a connector is reachable through it.
 */
import type http from 'node:http';

import type { Clock } from '#base/clock.ts';
import type { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';
import { statusDetails } from '#tunnel/headers/proxy-status.ts';

import { answeredByHeader, connectorHealthPath, provenKeyHeader, routeHeader } from '../probe-wire.ts';
import { edgeRequest } from './edge-request.ts';

export type ProbeAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly by: 'origin' | 'agent' | 'edge';
      /** Error code of the agent or reason of the edge. */
      readonly details: string | null;
      /** `routeTag` of the proxy that the edge took the hostname for. */
      readonly route: string | null;
      /** What the agent of a connector had proved to the edge. */
      readonly provenKey: string | null;
      /** It took longer than a visitor would call quick. */
      readonly slow: boolean;
    }
  /** The edge accepted the request and nobody answered it in time. */
  | { readonly kind: 'silence' }
  /** The edge itself was not reached. `code` is the system's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly code: string };

/** Both resolve within `probeSeconds`; aborting `signal` ends them sooner, as silence. */
export type Prober = {
  /** `hostname` is sent as Host, with the edge's port as a visitor's browser would. */
  probeHostname(edge: DRTPServer, hostname: string, signal: AbortSignal): Promise<ProbeAnswer>;
  probeConnector(edge: DRTPServer, connector: { namespace: string; name: string }): Promise<ProbeAnswer>;
};

/** How long an answer may take; a development server that compiles its first page needs most of it. */
export const probeSeconds = 15;
/** What takes longer is called slow. */
export const slowSeconds = 5;

/** Whoever appended the last value of a repeated field stands nearest to us: the edge. */
function lastOf(value: string | string[] | undefined): string | null {
  const all = Array.isArray(value) ? value.join(',') : value;
  return all?.split(',').at(-1)?.trim() ?? null;
}

function answerOf(response: http.IncomingMessage, tookMs: number): ProbeAnswer {
  const by = lastOf(response.headers[answeredByHeader]);
  const proxyStatus = response.headers['proxy-status'];
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    // SECURITY: only the edge's own word makes an answer the service's.
    by: by === 'origin' || by === 'agent' ? by : 'edge',
    details: typeof proxyStatus === 'string' && by !== 'origin' ? statusDetails(proxyStatus) : null,
    route: lastOf(response.headers[routeHeader]),
    provenKey: lastOf(response.headers[provenKeyHeader]),
    slow: tookMs > slowSeconds * 1000,
  };
}

export function createProber(options: { readonly token: Secret<string>; readonly clock: Clock }): Prober {
  const { token, clock } = options;

  const probe = (edge: DRTPServer, host: string, path: string, signal?: AbortSignal): Promise<ProbeAnswer> =>
    new Promise((resolve) => {
      const startedMs = clock.monotonic();
      const request = edgeRequest(edge, { host, path, token });
      if (request === null) {
        resolve({ kind: 'unreachable', code: 'no port named “http”' });
        return;
      }
      let connected = false;
      const finish = (answer: ProbeAnswer): void => {
        cancel();
        signal?.removeEventListener('abort', giveUp);
        resolve(answer);
        // The head is all that was asked for; the body may be endless.
        request.destroy();
      };
      const giveUp = (): void => finish(connected ? { kind: 'silence' } : { kind: 'unreachable', code: 'ETIMEDOUT' });
      const cancel = clock.after(probeSeconds * 1000, giveUp);
      signal?.addEventListener('abort', giveUp);
      const answered = (response: http.IncomingMessage): void =>
        finish(answerOf(response, clock.monotonic() - startedMs));
      request.once('socket', (socket) => {
        socket.once('connect', () => {
          connected = true;
        });
      });
      request.once('response', answered);
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        answered(response);
      });
      request.on('error', (error) => finish({ kind: 'unreachable', code: (error as { code?: string }).code ?? 'EIO' }));
      request.end();
    });

  return {
    probeHostname: (edge, hostname, signal) => probe(edge, hostname, '/', signal),
    probeConnector: (edge, connector) => probe(edge, edge.spec.address, connectorHealthPath(connector)),
  };
}
