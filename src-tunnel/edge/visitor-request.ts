/**
 * What a visitor's request looks like inside the tunnel (decision: RFC 9113 request with `Forwarded`).
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

import { probeMark } from '#contract/wire/probe-mark.ts';

import { toHttp2Fields } from '../headers/fields.ts';
import { formatForwarded } from '../headers/forwarded.ts';

/** Where the agent should take a request. */
export type Backend = {
  readonly scheme: 'http' | 'https';
  /** host:port as advertised. */
  readonly authority: string;
};

/**
 * Fields the edge writes itself.
 * SECURITY: what a visitor claims about who it is or which host it asked for must not reach a backend.
 */
const ownFields: ReadonlySet<string> = new Set([
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  probeMark,
]);

/** Origin-form of a request target (RFC 9112 §3.2): proxies may send the absolute form. */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target;
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(target);
  const rest = absolute?.[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** True if a body follows the head (RFC 9112 §6.3). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** What a visitor asks for, in whichever version of HTTP. */
export type Visit = {
  readonly method: string;
  /** Request target as it was sent. */
  readonly target: string;
  readonly host: string | undefined;
  /** Names and values alternating, as received. */
  readonly raw: readonly string[];
  readonly address: string | undefined;
  readonly encrypted: boolean;
};

export function visitOf({ method = 'GET', url = '/', headers, rawHeaders, socket }: IncomingMessage): Visit {
  return {
    method,
    target: url,
    host: headers.host,
    raw: rawHeaders,
    address: socket.remoteAddress,
    encrypted: 'encrypted' in socket,
  };
}

/** `dropped` are further names, in lower case, that end at the edge; `probe` marks what no visitor asked. */
export function visitorFields(
  visit: Visit,
  backend: Backend,
  { dropped = [], probe = false }: { readonly dropped?: readonly string[]; readonly probe?: boolean | undefined },
): OutgoingHttpHeaders {
  const address = (visit.address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  const host = visit.host ?? backend.authority;
  const proto = visit.encrypted ? 'https' : 'http';
  const fields = toHttp2Fields(visit.raw, (name) => ownFields.has(name) || dropped.includes(name));
  fields[':method'] = visit.method;
  fields[':scheme'] = backend.scheme;
  fields[':authority'] = backend.authority;
  fields[':path'] = originForm(visit.target);
  fields['forwarded'] = formatForwarded({ for: address, host, proto });
  fields['x-forwarded-for'] = address;
  fields['x-forwarded-host'] = host;
  fields['x-forwarded-proto'] = proto;
  if (probe) fields[probeMark] = '';
  return fields;
}
