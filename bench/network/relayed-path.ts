/**
 * The path through a relay on loopback, where there are no privileges for an emulated network: TCP and delay only.
 */
import { startChild } from '../../e2e/processes/child.ts';
import { startStreamRelay } from '../../e2e/network/stream-relay.ts';
import { graceMs, rateOf, startWithinMs, type Done, type Path, type Ready } from './path.ts';
import { systemTcp, type Transport } from './transports.ts';

const loopback = '127.0.0.1';
const ceilingSeconds = 1;

export async function openRelayedPath(reason: string): Promise<Path> {
  const plain = await systemTcp();
  return {
    shortcoming: `Through a relay that knows delay only, hence TCP without loss or limits. ${reason}`,
    can: ({ lossPercent, bandwidthMbit }, { isTcp }) => isTcp && lossPercent === 0 && bandwidthMbit === 0,
    measure: async ({ rttMs }, transport, seconds) => ({
      megabytesPerSecond: await fetchThroughRelay(rttMs / 2, transport, seconds),
      ownLoss: 0,
      lateMs: 0,
    }),
    ceiling: async () => {
      const megabytesPerSecond = await fetchThroughRelay(0, plain, ceilingSeconds);
      return { megabytesPerSecond, description: `${megabytesPerSecond.toFixed(0)} MB/s of TCP` };
    },
    close: async () => undefined,
  };
}

async function fetchThroughRelay(delayMs: number, transport: Transport, seconds: number): Promise<number> {
  const [serve, ...serveArgs] = transport.server(loopback);
  const server = startChild(serve, serveArgs);
  try {
    const ready = await server.event<Ready>('ready', startWithinMs);
    const relay = await startStreamRelay({ target: { host: loopback, port: ready.port }, delayMs });
    try {
      const [fetch, ...fetchArgs] = transport.client(relay.host, { ...ready, port: relay.port }, seconds);
      const client = startChild(fetch, fetchArgs);
      const done = await client.event<Done>('done', seconds * 1e3 + graceMs);
      await client.end('SIGKILL');
      return rateOf(done);
    } finally {
      await relay.close();
    }
  } finally {
    await server.end('SIGKILL');
  }
}
