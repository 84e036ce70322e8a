/**
 * The QuicBackend on `@currentspace/http3`: candidate (a) of the comparison, as good as its interface allows.
 */
import {
  QuicConnectionError,
  type QuicBackend,
  type QuicConnection,
  type QuicConnectionEnd,
} from '#tunnel/transport/quic/backend.ts';

import { createCreditConnection, type CreditConnection } from './connection.ts';
import { loadCurrentspace, packageOptions, type PackageServerSession } from './package.ts';

/** What peers get to be told that a connection has ended. */
const farewellMs = 100;

/** The package gives one error for all that can go wrong in a handshake, sometimes with QUIC's code. */
function endOf(error: unknown): QuicConnectionEnd {
  const { message, quicCode, reasonCode } = error as Error & { quicCode?: number; reasonCode?: string };
  return {
    kind: reasonCode === 'connect-timeout' ? 'timeout' : 'transport',
    code: quicCode ?? 0,
    reason: message,
  };
}

async function within<T>(promise: Promise<T>, ms: number, late: () => void): Promise<T> {
  const timer = setTimeout(late, ms);
  return promise.finally(() => clearTimeout(timer));
}

/** `strangerBytes`: what a client may send, all in all, before the application has read any of it. */
export function createCurrentspaceBackend(options: { readonly strangerBytes: number }): QuicBackend {
  const { strangerBytes } = options;
  const currentspace = loadCurrentspace();
  return {
    name: 'currentspace',

    listen: async ({ address, port, certificate, key, alpn, transport, maxHandshakes, handshakeTimeoutMs }) => {
      const server = currentspace.createQuicServer({
        ...packageOptions(transport, alpn),
        cert: certificate,
        key,
        disableActiveMigration: false,
        // It counts connections, not handshakes; there is no limit for these.
        maxConnections: Math.max(maxHandshakes, 10_000),
      });
      server.on('error', () => {});
      const connections = new Set<CreditConnection>();
      const waiting: QuicConnection[] = [];
      let onConnection: ((connection: QuicConnection) => void) | null = null;
      server.on('session', (session: PackageServerSession) => {
        const remote = { address: session.remoteAddress, port: session.remotePort };
        const connection = createCreditConnection({ session, isServer: true, transport, remote, strangerBytes });
        connections.add(connection);
        void connection.closed.then(() => connections.delete(connection));
        within(connection.ready, handshakeTimeoutMs, () => connection.close(0, '')).then(
          () => (onConnection === null ? void waiting.push(connection) : onConnection(connection)),
          () => {},
        );
      });
      const bound = await server.listen(port, address);
      let closed: Promise<void> | null = null;
      return {
        address: bound.address,
        port: bound.port,
        onConnection: (listener) => {
          onConnection = listener;
          for (const connection of waiting.splice(0)) listener(connection);
        },
        setCertificate: () => {
          throw new Error('@currentspace/http3 offers no change of certificate.');
        },
        close: (code, reason) => {
          closed ??= (async () => {
            for (const connection of connections) connection.close(code, reason);
            await new Promise((resolve) => setTimeout(resolve, farewellMs));
            await server.close();
          })();
          return closed;
        },
      };
    },

    dial: async ({ address, port, serverName, ca, alpn, transport, handshakeTimeoutMs, signal }) => {
      signal?.throwIfAborted();
      const session = currentspace.connectQuic(
        { host: address, port },
        {
          ...packageOptions(transport, alpn),
          ca,
          servername: serverName,
          connectTimeoutMs: handshakeTimeoutMs,
          ...(signal === undefined ? {} : { signal }),
        },
      );
      session.on('error', () => {});
      try {
        await session.ready();
      } catch (error) {
        signal?.throwIfAborted();
        throw new QuicConnectionError(endOf(error));
      }
      const connection = createCreditConnection({
        session,
        isServer: false,
        transport,
        remote: { address, port },
        strangerBytes: transport.connectionWindowBytes,
      });
      await within(connection.ready, handshakeTimeoutMs, () => connection.close(0, ''));
      return connection;
    },
  };
}
