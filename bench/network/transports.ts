/**
 * The transports that are compared: each a program that sends, in one namespace, and one that receives, in the other.
 *
 * To add one, add a row. Its server says {"event":"ready","port":…} and then sends all it can to whoever comes; its
 * client receives for as many seconds as it is told and says {"event":"done","bytes":…,"ms":…}.
 */
import { readFile } from 'node:fs/promises';

import { buildTraffic } from '../../e2e/network/programs.ts';

export type Program = readonly [command: string, ...args: readonly string[]];

export type Transport = {
  readonly name: string;
  /** A relay of streams carries only this. */
  readonly isTcp: boolean;
  server(address: string): Program;
  client(address: string, port: number, seconds: number): Program;
};

function tcp(traffic: string, name: string, congestion: string): Transport {
  return {
    name,
    isTcp: true,
    server: (address) => [traffic, 'tcp-serve', `-address=${address}:0`, `-congestion=${congestion}`],
    client: (address, port, seconds) => [traffic, 'tcp-fetch', `-address=${address}:${port}`, `-for=${seconds}s`],
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

/** All that is compared, in the order of the table's columns. */
export async function transportsUnderTest(): Promise<readonly Transport[]> {
  return process.platform === 'linux' ? await tcpWith(['cubic', 'bbr']) : [await systemTcp()];
}
