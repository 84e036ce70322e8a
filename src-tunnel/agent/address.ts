/**
 * Names and addresses of backends: parsing, one spelling for each address, and which addresses a name may not stand for.
 */
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

export type HostPort = { readonly host: string; readonly port: number };

/** One spelling for each host: lower case, no brackets, no trailing dot, IPv6 compressed, mapped IPv4 as IPv4. */
export function canonicalHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (isIPv6(bare) && !bare.includes('%')) {
    const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
    return embeddedIpv4(address, mappedPrefix) ?? address;
  }
  return bare.toLowerCase().replace(/\.$/, '');
}

/** host:port of an `:authority`; null if it is not one. Without a port `defaultPort` is taken. */
export function parseAuthority(authority: string, defaultPort: number | null): HostPort | null {
  const parts = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(authority);
  if (parts === null) return null;
  const [, host = '', digits] = parts;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === null || port < 1 || port > 65_535) return null;
  if (host.startsWith('[') && !isIPv6(host.slice(1, -1))) return null;
  return { host: canonicalHost(host), port };
}

const mappedPrefix = [0, 0, 0, 0, 0, 0xffff] as const;
/** RFC 6052 §2.1: IPv6-only networks reach IPv4 through it. */
const nat64Prefix = [0x64, 0xff9b, 0, 0, 0, 0] as const;

/** The IPv4 address in the last 32 bits of `address` if its first 96 bits are `prefix`, else null. */
function embeddedIpv4(address: string, prefix: readonly number[]): string | null {
  const groups = groupsOf(address);
  if (groups === null || prefix.some((group, index) => groups[index] !== group)) return null;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight 16-bit groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] | null {
  if (!isIPv6(address)) return null;
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  );
  const [head = '', tail] = hex.split('::');
  const numbers = (part: string): number[] =>
    part.split(':').flatMap((group) => (group === '' ? [] : [parseInt(group, 16)]));
  const front = numbers(head);
  const back = tail === undefined ? [] : numbers(tail);
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

/**
 * SECURITY: addresses no DNS name may stand for. Whoever controls a name could otherwise reach this machine's own
 * services, its neighbours' configuration or a cloud's credentials (DNS rebinding).
 */
const neverByName = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // this network; many systems take it for loopback
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, and the metadata service of most clouds
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const) {
  neverByName.addSubnet(network, prefix, 'ipv4');
}
neverByName.addAddress('100.100.100.200', 'ipv4'); // metadata, Alibaba Cloud
neverByName.addAddress('168.63.129.16', 'ipv4'); // platform service, Azure
neverByName.addAddress('192.0.0.192', 'ipv4'); // metadata, Oracle Cloud
for (const [network, prefix] of [
  ['::', 96], // unspecified, loopback, and IPv4-compatible addresses
  ['fe80::', 10], // link-local
  ['fec0::', 10], // site-local, deprecated
  ['ff00::', 8], // multicast
  ['2002::', 16], // 6to4 wraps any IPv4 address
  ['2001::', 32], // Teredo wraps any IPv4 address
  ['64:ff9b:1::', 48], // local-use NAT64 (RFC 8215) wraps in a way we cannot see
] as const) {
  neverByName.addSubnet(network, prefix, 'ipv6');
}
neverByName.addAddress('fd00:ec2::254', 'ipv6'); // metadata, AWS
neverByName.addAddress('fd20:ce::254', 'ipv6'); // metadata, Google Cloud

/** True if a DNS name may lead to `address`. */
export function mayBeNamed(address: string): boolean {
  const canonical = canonicalHost(address);
  const inner = isIPv6(canonical) ? (embeddedIpv4(canonical, nat64Prefix) ?? canonical) : canonical;
  if (isIP(inner) === 0) return false;
  return !neverByName.check(inner, isIPv4(inner) ? 'ipv4' : 'ipv6');
}
