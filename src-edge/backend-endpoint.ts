/**
 * The endpoint of an HTTPProxy's backend: which ones are allowed, and whether an advertisement covers one.
 *
 * The operator tells people what is wrong with an endpoint; the edge routes to none that is not valid.
 */
import { BlockList, isIP } from 'node:net';

import type { ConnectorAdvertisement } from '#contract/resources/generated.ts';

export type BackendEndpoint = {
  readonly scheme: 'http' | 'https';
  /** Host name or IP address, lower case; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
};

export type EndpointResult =
  | { readonly ok: true; readonly endpoint: BackendEndpoint }
  /** Ends the sentence “rules[0].backends[0].endpoint …”. */
  | { readonly ok: false; readonly problem: string };

/** SECURITY: cloud metadata services live on link-local addresses; unspecified ones mean another host to each system. */
const forbidden = new BlockList();
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addAddress('::', 'ipv6');
forbidden.addSubnet('fe80::', 10, 'ipv6');

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

const shape = /^(https?):\/\/[^/?#@\s]+$/i;
/** Underscores too: container networks give such names, and agents expose them. */
const dnsName = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;

/** Reads an endpoint of a backend behind a connector. */
export function parseEndpoint(text: string): EndpointResult {
  const problem = (words: string): EndpointResult => ({ ok: false, problem: words });
  if (!shape.test(text) || !URL.canParse(text)) {
    return problem(`must be http://host:port or https://host:port and nothing more, with a port from 1 to 65535`);
  }
  const url = new URL(text);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  // The URL parser brings every way to write an IPv4 address (0x7f.1, 2130706433) to the usual one.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) return problem('must have a port from 1 to 65535');
  if (isIP(host) === 0 && (host.length > 253 || !dnsName.test(host))) {
    return problem(
      `names the host “${host}”, which is neither a DNS name nor an IP address; use what the service is reached at`,
    );
  }
  if (isIn(forbidden, host)) {
    return problem(`names ${host}, a link-local or unspecified address; use the address the service listens on`);
  }
  return { ok: true, endpoint: { scheme, host, port } };
}

/** `host:port` with the brackets an IPv6 address needs. */
export function authorityOf(endpoint: BackendEndpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

/** All addresses of the machine itself are one, and names do not depend on case. */
function canonicalHost(host: string): string {
  const lower = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return isLoopbackName(lower) || lower === '127.0.0.1' || lower === '::1' ? 'localhost' : lower;
}

/** True if `advertisement` names the endpoint's address and port for TCP. The agent decides again, by itself. */
export function covers(advertisement: ConnectorAdvertisement, endpoint: BackendEndpoint): boolean {
  const host = canonicalHost(endpoint.host);
  return (advertisement.spec.layer4 ?? []).some(({ services }) =>
    services.some(
      ({ address, ports }) =>
        canonicalHost(address) === host &&
        ports.some(({ port, protocol }) => port === endpoint.port && (protocol ?? 'TCP') === 'TCP'),
    ),
  );
}
