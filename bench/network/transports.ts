/**
 * The transports that are compared: each a program that sends, in one namespace, and one that receives, in the other.
 *
 * To add one, add a row. Its server says {"event":"ready","port":…} and then sends all it can to whoever comes; its
 * client receives for as many seconds as it is told, from its first byte on, and says {"event":"done","bytes":…,"ms":…}.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { builtQuicAddon } from '#tunnel/testing/quic-addon.ts';

import { buildTraffic } from '../../e2e/network/programs.ts';
import { repository } from '../../e2e/processes/sallyport.ts';
import type { Ready } from './path.ts';

export type Program = readonly [command: string, ...args: readonly string[]];

export type Transport = {
  readonly name: string;
  /** A relay of streams carries only this. */
  readonly isTcp: boolean;
  server(address: string): Program;
  client(address: string, ready: Ready, seconds: number): Program;
};

function tcp(traffic: string, name: string, congestion: string): Transport {
  return {
    name,
    isTcp: true,
    server: (address) => [traffic, 'tcp-serve', `-address=${address}:0`, `-congestion=${congestion}`],
    client: (address, { port }, seconds) => [traffic, 'tcp-fetch', `-address=${address}:${port}`, `-for=${seconds}s`],
  };
}

/** The kernel's TCP as it is set up. */
export async function systemTcp(): Promise<Transport> {
  return tcp(await buildTraffic(), 'TCP', '');
}

/** The kernel's TCP, once with each congestion control of `names` that it has. */
async function tcpWith(names: readonly string[]): Promise<readonly Transport[]> {
  const traffic = await buildTraffic();
  const available = (await readFile('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8')).trim().split(' ');
  return names.filter((name) => available.includes(name)).map((name) => tcp(traffic, `TCP ${name}`, name));
}

const quicEndpoint = join(repository, 'bench/quic/endpoint.ts');

/** Our QUIC backend with the tunnel's settings, in Node; nothing where its addon was not built. */
function quicWith(names: readonly string[]): readonly Transport[] {
  if (builtQuicAddon() === null) {
    console.error('QUIC is not measured: its addon is not built (node scripts/build-native.ts).');
    return [];
  }
  return names.map((congestion) => {
    const endpoint = (end: 'server' | 'client', address: string): Program => [
      process.execPath,
      quicEndpoint,
      end,
      `--transport=quinn-${congestion}`,
      `--address=${address}`,
    ];
    return {
      name: `QUIC ${congestion}`,
      isTcp: false,
      server: (address) => endpoint('server', address),
      client: (address, { port, certificate = '' }, seconds) => [
        ...endpoint('client', address),
        `--port=${port}`,
        `--certificate=${certificate}`,
        `--seconds=${seconds}`,
      ],
    };
  });
}

/** All that is compared, in the order of the table's columns. */
export async function transportsUnderTest(): Promise<readonly Transport[]> {
  const names = ['cubic', 'bbr'];
  const overTcp = process.platform === 'linux' ? await tcpWith(names) : [await systemTcp()];
  return [...overTcp, ...quicWith(names)];
}
