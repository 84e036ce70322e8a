/**
 * The path over an emulated network: each transport's server in one namespace, its client in the other.
 */
import { describeCeiling } from '../../e2e/network/ceiling.ts';
import { createEmulatedNetwork } from '../../e2e/network/emulated-network.ts';
import { graceMs, rateOf, startWithinMs, type Done, type Path, type Ready } from './path.ts';

/** How long a packet may wait for the bandwidth: as long as the longest round trip that is measured. */
const queueMs = 200;

/** Rejects with CannotEmulate where this machine does not allow it. */
export async function openEmulatedPath(): Promise<Path> {
  const network = await createEmulatedNetwork();
  return {
    shortcoming: null,
    can: () => true,
    measure: async ({ rttMs, lossPercent, bandwidthMbit }, transport, seconds) => {
      await network.set({ delayMs: rttMs / 2, lossPercent, bandwidthMbit, queueMs });
      const { address4 } = network.right;
      const [serve, ...serveArgs] = transport.server(address4);
      const server = network.spawn('right', serve, serveArgs);
      try {
        const ready = await server.event<Ready>('ready', startWithinMs);
        await network.counts({ reset: true });
        const [fetch, ...fetchArgs] = transport.client(address4, ready, seconds);
        const client = network.spawn('left', fetch, fetchArgs);
        const done = await client.event<Done>('done', seconds * 1e3 + graceMs);
        const { rightToLeft: sent } = await network.counts();
        await client.end('SIGKILL');
        const failed = sent.overruns + sent.memoryFull.packets + sent.refused.packets;
        return {
          megabytesPerSecond: rateOf(done),
          ownLoss: failed / Math.max(1, sent.arrived.packets + sent.overruns),
          lateMs: sent.lateUs.p99 / 1e3,
        };
      } finally {
        await server.end('SIGKILL');
        await network.quiet();
      }
    },
    ceiling: async () => {
      const ceiling = await network.ceiling();
      return { megabytesPerSecond: ceiling.tcpMegabytesPerSecond, description: describeCeiling(ceiling) };
    },
    close: () => network.close(),
  };
}
