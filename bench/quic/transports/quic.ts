/**
 * Any QuicBackend, with the settings of our tunnel.
 */
import { quicTransport } from '#tunnel/limits.ts';
import type { QuicBackend, QuicConnection, QuicStream, QuicTransportOptions } from '#tunnel/transport/quic/backend.ts';

import { serverName, type Link, type Stream, type Transport } from '../transport.ts';

const alpn = 'sallyport-bench/1';
const handshakeTimeoutMs = 10_000;

function streamOf({ receive, send }: QuicStream): Stream {
  for (const half of [receive, send]) half.on('error', () => half.destroy());
  return { readable: receive, writable: send };
}

function datagramsOf(connection: QuicConnection): NonNullable<Link['datagrams']> {
  return {
    send: (datagram) => connection.sendDatagram(datagram),
    receive: (listener) => connection.onDatagram(listener),
  };
}

export function overQuic(
  open: () => QuicBackend | Promise<QuicBackend>,
  changed: Partial<QuicTransportOptions> = {},
): Transport {
  // The burst of datagrams shall show what is lost on the way, not what a limit of ours drops.
  const transport = { ...quicTransport, datagramReceiveBytes: 16 << 20, datagramSendBytes: 16 << 20, ...changed };
  return {
    listen: async ({ address, port, identity, visitors }) => {
      const listener = await (
        await open()
      ).listen({
        address,
        port,
        ...identity,
        alpn,
        transport,
        maxHandshakes: 100,
        retryFromHandshakes: 50,
        handshakeTimeoutMs,
      });
      listener.onConnection((connection) => {
        connection.onStream((stream) => visitors.onStream(streamOf(stream)));
        visitors.onDatagrams(datagramsOf(connection));
      });
      return listener.port;
    },
    dial: async ({ address, port, ca }) => {
      const connection = await (
        await open()
      ).dial({ address, port, serverName, ca, alpn, transport, handshakeTimeoutMs });
      return {
        datagrams: datagramsOf(connection),
        openStream: async () => streamOf(await connection.openStream()),
        close: async () => {
          connection.close(0, '');
          await connection.closed;
        },
      };
    },
  };
}
