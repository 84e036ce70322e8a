/**
 * What the emulator itself can do at most: stands beside every figure made with it, since a figure near it says
 * something about the emulator and not about what was measured.
 */
import type { EmulatedNetwork } from './emulated-network.ts';
import { buildTraffic } from './programs.ts';

export type Ceiling = {
  /** UDP packets of full size that arrive in a second when more are sent than the emulator can carry. */
  readonly packetsPerSecond: number;
  /** 10^6 bytes of payload a second, of those packets. */
  readonly udpMegabytesPerSecond: number;
  /** 10^6 bytes a second of one TCP connection of the kernel. */
  readonly tcpMegabytesPerSecond: number;
  /** Median round-trip time of single small packets: what the emulator adds to any delay. */
  readonly rttMs: number;
};

/** Payload of a UDP packet that fills the MTU over IPv4. */
const fullPacketBytes = 1472;
const lasts = '-for=1s';
const pings = 300;

type Done = { readonly packets: number; readonly bytes: number; readonly ms: number };

/** Measures over a link that is set to be perfect. Everything runs on this machine's cores, endpoints included. */
export async function measureCeiling(network: EmulatedNetwork): Promise<Ceiling> {
  const traffic = await buildTraffic();
  const to = (port: number): string => `-address=${network.right.address4}:${port}`;
  const serve = async (...args: readonly string[]) => {
    const child = network.spawn('right', traffic, [...args, to(0)]);
    const { port } = await child.event<{ readonly port: number }>('ready');
    return { child, port };
  };
  const measure = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse((await network.run('left', traffic, args)).stdout) as T;

  const echo = await serve('udp-echo');
  const ping = await measure<{ readonly rttMs: { readonly p50: number } }>(
    'udp-ping',
    to(echo.port),
    `-count=${pings}`,
  );
  await echo.child.end('SIGKILL');

  const sink = await serve('udp-sink');
  await measure('udp-blast', to(sink.port), `-size=${fullPacketBytes}`, lasts);
  const blast = await sink.child.event<Done>('done');

  const server = await serve('tcp-serve');
  const stream = await measure<Done>('tcp-fetch', to(server.port), lasts);
  await server.child.end('SIGKILL');

  return {
    packetsPerSecond: (blast.packets / blast.ms) * 1e3,
    udpMegabytesPerSecond: blast.bytes / blast.ms / 1e3,
    tcpMegabytesPerSecond: stream.bytes / stream.ms / 1e3,
    rttMs: ping.rttMs.p50,
  };
}

/** One line for a person, such as goes under a table. */
export function describeCeiling({
  packetsPerSecond,
  udpMegabytesPerSecond,
  tcpMegabytesPerSecond,
  rttMs,
}: Ceiling): string {
  return (
    `${Math.round(packetsPerSecond / 1e3)},000 packets/s (${udpMegabytesPerSecond.toFixed(0)} MB/s) of UDP, ` +
    `${tcpMegabytesPerSecond.toFixed(0)} MB/s of TCP, ${rttMs.toFixed(2)} ms round trip`
  );
}
