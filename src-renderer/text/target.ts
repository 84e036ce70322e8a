/**
 * Reads what a person types or pastes as the address of a local service. Knows nothing of names or of the agent.
 */

/** A service as the agent dials it; an IPv6 `host` is without brackets. */
export type Target = { readonly host: string; readonly port: number };

export type TargetReading =
  | { readonly kind: 'empty' }
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'invalid'; readonly reason: string };

const maxPort = 65_535;
const defaultHost = 'localhost';
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;
const ipv6 = /^[0-9a-f:.]+$/i;

function invalid(reason: string): TargetReading {
  return { kind: 'invalid', reason };
}

function isHost(host: string): boolean {
  if (ipv4.test(host)) return host.split('.').every((part) => Number(part) <= 255);
  if (host.length > 253) return false;
  return host.split('.').every((part) => label.test(part));
}

function isIpv6(host: string): boolean {
  return ipv6.test(host) && URL.canParse(`http://[${host}]/`);
}

/** The port a web address without one means; null for other schemes. */
function schemePort(scheme: string | undefined): number | null {
  if (scheme === 'http') return 80;
  if (scheme === 'https') return 443;
  return null;
}

function readPort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= maxPort ? port : null;
}

/**
 * Accepts `3000`, `:3000`, `localhost:3000`, `http://localhost:3000/`, `[::1]:3000`. A path, query and fragment of a
 * web address are dropped: a service is exposed as a whole.
 */
export function readTarget(input: string): TargetReading {
  const text = input.trim();
  if (text === '') return { kind: 'empty' };

  const address = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)(?:[/?#].*)?$/i.exec(text);
  const scheme = address?.[1]?.toLowerCase();
  const authority = address?.[2] ?? '';
  if (scheme === 'https') return invalid('Services that speak HTTPS themselves cannot be exposed yet; use http.');
  if (scheme !== undefined && scheme !== 'http') return invalid(`“${scheme}” addresses cannot be exposed; use http.`);
  if (authority.includes('@')) return invalid('Leave user name and password out of the address.');

  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  const plain = /^([^:]*)(?::([^:]*))?$/.exec(authority);
  const onlyPort = scheme === undefined && /^\d+$/.test(authority);
  const parts = bracketed ?? plain;
  if (parts === null) return invalid('Put an IPv6 address into brackets, for example [::1]:3000.');

  const host = onlyPort ? defaultHost : parts[1] === '' && bracketed === null ? defaultHost : (parts[1] ?? '');
  if (!(bracketed === null ? isHost(host) : isIpv6(host))) return invalid(`“${host}” is not a host name or address.`);

  const portText = onlyPort ? authority : parts[2];
  if (portText === undefined || portText === '') {
    const port = schemePort(scheme);
    if (port === null) return invalid(`Add the port, for example ${authority.replace(/:$/, '')}:3000.`);
    return { kind: 'target', target: { host: host.toLowerCase(), port } };
  }
  const port = readPort(portText);
  if (port === null) return invalid(`“${portText}” is not a port; it is a whole number from 1 to ${maxPort}.`);
  return { kind: 'target', target: { host: host.toLowerCase(), port } };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatTarget({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
