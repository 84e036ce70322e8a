/**
 * Which host and path a visitor asks for (RFC 9112 §3.2, RFC 9110 §7.2). Strict: what is ambiguous is refused.
 */

export type RequestTarget = {
  /** Lower case, without port and trailing dot. */
  readonly hostname: string;
  /** Without query. */
  readonly path: string;
};

const hostField = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?)\.?(?::\d{1,5})?$/i;
const absoluteForm = /^https?:\/\/([^/?#@]+)([^?#]*)/i;

/** null if the request does not name exactly one host. `rawHeaders` alternates names and values. */
export function requestTarget(url: string, rawHeaders: readonly string[]): RequestTarget | null {
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
  const [host] = hosts;
  // SECURITY: with two Hosts, we and the backend could each believe another one.
  if (host === undefined || hosts.length > 1) return null;
  const hostname = hostnameOf(host);
  if (hostname === null) return null;
  if (url.startsWith('/')) return { hostname, path: /^[^?#]*/.exec(url)?.[0] ?? '/' };
  if (url === '*') return { hostname, path: '/' };
  const [, authority, path] = absoluteForm.exec(url) ?? [];
  if (authority === undefined || hostnameOf(authority) !== hostname) return null;
  return { hostname, path: path === undefined || path === '' ? '/' : path };
}

function hostnameOf(field: string): string | null {
  return hostField.exec(field.trim())?.[1]?.toLowerCase() ?? null;
}
