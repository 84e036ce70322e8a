/**
 * Reads Linux's table of TCP sockets, `/proc/net/tcp` and `tcp6` (proc(5), Documentation/networking/proc_net_tcp.rst).
 */

export type ProcSocket = {
  readonly address: string;
  readonly port: number;
  /** Number of the socket, by which a process's open files name it. */
  readonly inode: string;
};

/** `TCP_LISTEN` in include/net/tcp_states.h, as the column `st` has it. */
const listening = '0A';
const mappedPrefix = '0:0:0:0:0:ffff:';

/** Bytes of a 32-bit word, which stands in the machine's own order: little-endian wherever this runs. */
function bytesOf(word: string): readonly number[] {
  return [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16));
}

function ipv6Of(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const long = groups.map((group) => group.toString(16)).join(':');
  // RFC 4291 §2.5.5.2: an IPv4 address in the clothes of IPv6.
  if (long.startsWith(mappedPrefix)) return bytes.slice(12).join('.');
  // RFC 5952: URL writes the one short form.
  return new URL(`http://[${long}]`).hostname.slice(1, -1);
}

function addressOf(hex: string): string | null {
  if (/^[0-9A-F]{8}$/.test(hex)) return bytesOf(hex).join('.');
  if (!/^[0-9A-F]{32}$/.test(hex)) return null;
  return ipv6Of([0, 8, 16, 24].flatMap((at) => bytesOf(hex.slice(at, at + 8))));
}

/** The sockets of `text` that listen; lines that are not understood are left out. */
export function parseProcNetTcp(text: string): readonly ProcSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [hex = '', portHex = ''] = local.split(':');
    const address = addressOf(hex);
    const port = Number.parseInt(portHex, 16);
    return state === listening && address !== null && port > 0 ? [{ address, port, inode }] : [];
  });
}
