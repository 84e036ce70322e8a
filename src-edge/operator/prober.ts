/**
 * Asks an edge, as a visitor would, whether a hostname or a connector is reachable through it.
 *
 * Dials the address of the edge's DRTPServer, never the hostname: it need not resolve where the operator runs.
 */
import http from 'node:http';

import type { Clock } from '#base/clock.ts';
import type { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';
import { statusDetails } from '#tunnel/headers/proxy-status.ts';

import { answeredByHeader, connectorHealthPath, probeHeader, routeHeader } from '../probe-wire.ts';

export type ProbeAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly by: 'origin' | 'agent' | 'edge';
      /** Error code of the agent or reason of the edge. */
      readonly details: string | null;
      /** `routeTag` of the proxy that the edge took the hostname for. */
      readonly route: string | null;
    }
  /** The edge accepted the request and nobody answered it in time. */
  | { readonly kind: 'silence' }
  /** The edge itself was not reached. `code` is the system's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly code: string };

export type Prober = {
  /** `hostname` is sent as Host, with the edge's port as a visitor's browser would. */
  probeHostname(edge: DRTPServer, hostname: string): Promise<ProbeAnswer>;
  probeConnector(edge: DRTPServer, connector: { namespace: string; name: string }): Promise<ProbeAnswer>;
};

const timeoutMs = 5000;

/** Port on which `edge` receives visitors, or null. */
export function visitorPort(edge: DRTPServer): number | null {
  return edge.spec.ports.find(({ name }) => name === 'http')?.port ?? null;
}

/** Whoever appended the last value of a repeated field stands nearest to us: the edge. */
function lastOf(value: string | string[] | undefined): string | null {
  const all = Array.isArray(value) ? value.join(',') : value;
  return all?.split(',').at(-1)?.trim() ?? null;
}

function answerOf(response: http.IncomingMessage): ProbeAnswer {
  const by = lastOf(response.headers[answeredByHeader]);
  const proxyStatus = response.headers['proxy-status'];
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    // SECURITY: only the edge's own word makes an answer the service's.
    by: by === 'origin' || by === 'agent' ? by : 'edge',
    details: typeof proxyStatus === 'string' && by !== 'origin' ? statusDetails(proxyStatus) : null,
    route: lastOf(response.headers[routeHeader]),
  };
}

export function createProber(options: { readonly token: Secret<string>; readonly clock: Clock }): Prober {
  const probe = (edge: DRTPServer, host: string, path: string): Promise<ProbeAnswer> =>
    new Promise((resolve) => {
      const port = visitorPort(edge);
      if (port === null) {
        resolve({ kind: 'unreachable', code: 'no port named “http”' });
        return;
      }
      let connected = false;
      const request = http.request({
        host: edge.spec.address.replace(/^\[(.*)\]$/, '$1'),
        port,
        path,
        agent: false,
        headers: {
          host: port === 80 ? host : `${host}:${port}`,
          [probeHeader]: options.token.reveal(),
          'user-agent': 'sallyport-operator',
        },
      });
      const finish = (answer: ProbeAnswer): void => {
        cancel();
        resolve(answer);
        // The head is all that was asked for; the body may be endless.
        request.destroy();
      };
      const cancel = options.clock.after(timeoutMs, () =>
        finish(connected ? { kind: 'silence' } : { kind: 'unreachable', code: 'ETIMEDOUT' }),
      );
      request.once('socket', (socket) => {
        socket.once('connect', () => {
          connected = true;
        });
      });
      request.once('response', (response) => finish(answerOf(response)));
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        finish(answerOf(response));
      });
      request.on('error', (error) => finish({ kind: 'unreachable', code: (error as { code?: string }).code ?? 'EIO' }));
      request.end();
    });

  return {
    probeHostname: (edge, hostname) => probe(edge, hostname, '/'),
    probeConnector: (edge, connector) => probe(edge, edge.spec.address, connectorHealthPath(connector)),
  };
}
