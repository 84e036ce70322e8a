/**
 * The `Forwarded` field (RFC 7239) as our edge writes it, exactly one element, and as our agent reads it.
 */

export type Forwarded = {
  /** The visitor's address; an IPv6 address without brackets. */
  readonly for: string;
  /** The Host the visitor asked for. */
  readonly host: string;
  readonly proto: 'http' | 'https';
};

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

export function formatForwarded(forwarded: Forwarded): string {
  const address = forwarded.for.includes(':') ? `[${forwarded.for}]` : forwarded.for;
  return `for=${quote(address)};host=${quote(forwarded.host)};proto=${forwarded.proto}`;
}

/** The `host` parameter of the last element, or null. */
export function forwardedHost(value: string): string | null {
  const parameter = /(?:^|[;,])\s*host=(?:"((?:[^"\\]|\\.)*)"|([^;,\s"]+))/gi;
  let host: string | null = null;
  for (const [, quoted, token] of value.matchAll(parameter)) {
    host = quoted === undefined ? (token ?? null) : quoted.replace(/\\(.)/g, '$1');
  }
  // A Host that could end the line it is written on never leaves here.
  return host !== null && /^[\w.:[\]-]+$/.test(host) ? host : null;
}
