/**
 * One request as it came through the tunnel, taken apart once for those who serve it.
 */
import type { Agent } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { forwardedHost } from '../headers/forwarded.ts';
import type { HostPort } from './address.ts';
import type { Counters } from './counters.ts';
import type { Dialler } from './dial.ts';
import type { Http2Pool } from './http2-pool.ts';

export type TunnelRequest = {
  readonly stream: ServerHttp2Stream;
  readonly fields: IncomingHttpHeaders;
  /** Names and values alternating, pseudo fields included. */
  readonly raw: readonly string[];
  /** False if the request ended with its fields. */
  readonly withBody: boolean;
  readonly scheme: 'http' | 'https';
  /** Checked against the allow list. */
  readonly target: HostPort;
};

/** What serving needs beside the request. */
export type Origins = {
  readonly dialler: Dialler;
  /** Connection pools, one for each scheme, so that they cannot be confused. */
  readonly pools: Readonly<Record<'http' | 'https', Agent>>;
  readonly http2Pool: Http2Pool;
  readonly counters: Counters;
};

/** The Host for the backend: the visitor's, as the edge wrote it; without one, the backend's own. */
export function hostFor(request: TunnelRequest): string {
  const forwarded = request.fields['forwarded'];
  const host = typeof forwarded === 'string' ? forwardedHost(forwarded) : null;
  return host ?? request.fields[':authority'] ?? request.target.host;
}
