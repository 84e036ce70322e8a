/**
 * Which hosts a service can be exposed at: one rule for the window, the command line and the agent, so that nobody
 * waits for an operator to refuse what was hopeless from the start.
 *
 * Without Node and without a browser; a host is lower case here, an IPv6 address without its brackets.
 */

/** RFC 1123 §2.1, by labels of at most 63 characters; underscores because container networks use them. */
const hostName = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;
const maxNameLength = 253;
/** What ends like a number is read as an IPv4 address by some programs (`127.1`, `0x7f.1`) and as a name by others. */
const endsInNumber = /(^|\.)(\d+|0x[0-9a-f]*)$/;

type Ipv4 = readonly [number, number, number, number];

function ipv4Bytes(text: string): Ipv4 | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const parts = match.slice(1);
  const bytes = parts.map(Number) as unknown as Ipv4;
  // A leading zero means octal to some programs.
  return parts.every((part, i) => String(bytes[i]) === part) && bytes.every((byte) => byte <= 255) ? bytes : null;
}

/** The eight groups of an IPv6 address (RFC 4291 §2.2), or null. */
function ipv6Groups(text: string): readonly number[] | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const bytes = dotted === null ? null : ipv4Bytes(dotted[2] ?? '');
  if (dotted !== null && bytes === null) return null;
  const hex = (high: number, low: number): string => (high * 256 + low).toString(16);
  const plain = bytes === null ? text : `${dotted?.[1] ?? ''}${hex(bytes[0], bytes[1])}:${hex(bytes[2], bytes[3])}`;

  const [head = '', tail, more] = plain.split('::');
  if (more !== undefined) return null;
  const read = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [read(head), read(tail ?? '')];
  const missing = 8 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group)) ? groups.map((group) => parseInt(group, 16)) : null;
}

/** `unspecified` stands for every address of the machine: a place to listen at, not one to be reached at. */
export type HostKind = 'usable' | 'unspecified' | 'link-local' | 'invalid';

function kindOfIpv4(bytes: Ipv4): HostKind {
  const [first, second] = bytes;
  // RFC 1122 §3.2.1.3: all of 0/8 means “this network”, and nothing in it can be dialled.
  if (first === 0) return bytes.every((byte) => byte === 0) ? 'unspecified' : 'invalid';
  return first === 169 && second === 254 ? 'link-local' : 'usable';
}

function kindOfIpv6(groups: readonly number[]): HostKind {
  const [first = 0, , , , , sixth = 0, seventh = 0, eighth = 0] = groups;
  if (groups.every((group) => group === 0)) return 'unspecified';
  if (groups.slice(0, 5).every((group) => group === 0) && sixth === 0xffff) {
    // An IPv4 address written as IPv6 (RFC 4291 §2.5.5.2).
    return kindOfIpv4([seventh >> 8, seventh & 0xff, eighth >> 8, eighth & 0xff]);
  }
  return (first & 0xffc0) === 0xfe80 ? 'link-local' : 'usable';
}

/** What kind of host `host` is; only a usable one can be exposed. */
export function hostKind(host: string): HostKind {
  if (host.includes(':')) {
    // Only link-local addresses need a zone (RFC 4007).
    const [address = '', zone] = host.split('%', 2);
    const groups = ipv6Groups(address);
    if (groups === null) return 'invalid';
    const kind = kindOfIpv6(groups);
    return zone === undefined || kind === 'link-local' ? kind : 'invalid';
  }
  const bytes = ipv4Bytes(host);
  if (bytes !== null) return kindOfIpv4(bytes);
  return host.length <= maxNameLength && hostName.test(host) && !endsInNumber.test(host) ? 'usable' : 'invalid';
}

const problems: Readonly<Record<HostKind, string | null>> = {
  usable: null,
  unspecified: 'is where a service listens, not where it is reached; on this machine that is 127.0.0.1.',
  'link-local':
    'is a link-local address. Cloud credentials are served there, so it is never exposed; use another address of that machine.',
  invalid: 'is neither a host name nor an IP address.',
};

/** Why a service cannot be exposed at `host`, as a sentence; null if it can. */
export function hostProblem(host: string): string | null {
  const problem = problems[hostKind(host)];
  return problem === null ? null : `“${host}” ${problem}`;
}
