/**
 * Plain TCP and TLS 1.3: the yardsticks. A stream is a connection of its own.
 */
import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';

import { serverName, type Link, type Stream, type Transport, type Visitors } from '../transport.ts';

async function listening(server: Server, port: number, address: string): Promise<number> {
  server.listen(port, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function streamOf(socket: Socket): Stream {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  return { readable: socket, writable: socket };
}

const serve =
  (visitors: Visitors) =>
  (socket: Socket): void =>
    visitors.onStream(streamOf(socket));

function linkOf(open: () => Socket, opened: 'connect' | 'secureConnect'): Link {
  const sockets = new Set<Socket>();
  return {
    datagrams: null,
    openStream: async () => {
      const socket = open();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      await once(socket, opened);
      return streamOf(socket);
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

export const tcp: Transport = {
  listen: async ({ address, port, visitors }) =>
    listening(net.createServer({ allowHalfOpen: true }, serve(visitors)), port, address),
  dial: async ({ address, port }) => linkOf(() => net.connect({ host: address, port, allowHalfOpen: true }), 'connect'),
};

export const tls13: Transport = {
  listen: async ({ address, port, identity, visitors }) =>
    listening(
      tls.createServer(
        { cert: identity.certificate, key: identity.key, minVersion: 'TLSv1.3', allowHalfOpen: true },
        serve(visitors),
      ),
      port,
      address,
    ),
  dial: async ({ address, port, ca }) =>
    linkOf(
      () =>
        tls.connect({
          socket: net.connect({ host: address, port, noDelay: true, allowHalfOpen: true }),
          servername: serverName,
          ca,
          minVersion: 'TLSv1.3',
        }),
      'secureConnect',
    ),
};
