/**
 * Reads what a person types or pastes as the address of a local service. Knows nothing of names or of the agent.
 */
import { hostKind, hostProblem } from '#contract/target-host.ts';

/** A service as the agent dials it; an IPv6 `host` is without brackets. */
export type Target = { readonly host: string; readonly port: number };

export type TargetReading =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'target';
      readonly target: Target;
      /** Path, query and fragment of a web address; empty without one. They do not limit what is exposed. */
      readonly path: string;
    }
  /** `final`: nothing that may be typed behind it makes it right. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly final: boolean };

const maxPort = 65_535;
const defaultHost = 'localhost';

function invalid(reason: string): TargetReading {
  return { kind: 'invalid', reason, final: false };
}

function refused(reason: string): TargetReading {
  return { kind: 'invalid', reason, final: true };
}

/** The host as it is dialled. What listens on every address of this machine is reached at its own. */
function readHost(text: string): string {
  const host = text.toLowerCase();
  return host === '' || hostKind(host) === 'unspecified' ? defaultHost : host;
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

/** Accepts `3000`, `:3000`, `localhost:3000`, `http://localhost:3000/app`, `[::1]:3000`, `0.0.0.0:3000`. */
export function readTarget(input: string): TargetReading {
  const text = input.trim();
  if (text === '') return { kind: 'empty' };

  const address = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)([/?#].*)?$/i.exec(text);
  const scheme = address?.[1]?.toLowerCase();
  const authority = address?.[2] ?? '';
  const path = address?.[3] ?? '';
  if (scheme === 'https') return refused('Services that speak HTTPS themselves cannot be exposed yet; use http.');
  if (scheme !== undefined && scheme !== 'http') return refused(`“${scheme}” addresses cannot be exposed; use http.`);
  if (authority.includes('@')) return refused('Leave user name and password out of the address.');

  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(authority);
  const plain = /^([^:]*)(?::([^:]*))?$/.exec(authority);
  const onlyPort = scheme === undefined && /^\d+$/.test(authority);
  const parts = bracketed ?? plain;
  if (parts === null) return invalid('Put an IPv6 address into brackets, for example [::1]:3000.');

  const named = parts[1] ?? '';
  if (bracketed !== null && !named.includes(':')) return invalid(`“${named}” is not an IPv6 address.`);
  const host = readHost(onlyPort ? '' : named);
  const refusal = hostProblem(host);
  if (refusal !== null) return hostKind(host) === 'link-local' ? refused(refusal) : invalid(refusal);

  const portText = onlyPort ? authority : parts[2];
  if (portText === undefined || portText === '') {
    const port = schemePort(scheme);
    if (port === null) return invalid(`Add the port, for example ${authority.replace(/:$/, '')}:3000.`);
    return { kind: 'target', target: { host, port }, path: beyondRoot(path) };
  }
  const port = readPort(portText);
  if (port === null) return invalid(`“${portText}” is not a port; it is a whole number from 1 to ${maxPort}.`);
  return { kind: 'target', target: { host, port }, path: beyondRoot(path) };
}

/** `path` if it names anything but the whole service. */
function beyondRoot(path: string): string {
  return path === '/' ? '' : path;
}

/** Whether `host` names this machine, by itself and without a resolver. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || host.startsWith('127.');
}

/** Whether both mean the same service; all names of this machine are one. */
export function isSameTarget(a: Target, b: Target): boolean {
  return a.port === b.port && (a.host === b.host || (isLoopback(a.host) && isLoopback(b.host)));
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatTarget({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
