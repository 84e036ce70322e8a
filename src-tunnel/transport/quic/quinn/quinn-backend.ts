/**
 * The QuicBackend on quinn and rustls; why these: docs/adr/0010-quic-backend.md.
 */
import type { Clock } from '#base/clock.ts';

import { QuicConnectionError, type QuicBackend, type QuicConnection, type QuicConnectionEnd } from '../backend.ts';
import { createQuinnConnection, type OwnedConnection } from './connection.ts';
import { loadNativeQuic, type NativeConnection, type NativeEndpoint } from './native.ts';
import { createReadiness, type Readiness } from './readiness.ts';

/** What peers get to be told that a connection has ended. */
const farewellMs = 1_000;

function isConnection(arrival: NativeConnection | QuicConnectionEnd): arrival is NativeConnection {
  return 'handles' in arrival;
}

/** Resolves once all peers were told, or the time for it is over; the endpoint can be used no more. */
function release(endpoint: NativeEndpoint, readiness: Readiness, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    let over = false;
    const finish = (): void => {
      if (over) return;
      over = true;
      cancel();
      endpoint.release();
      resolve();
    };
    const cancel = clock.after(farewellMs, finish);
    const ask = (): void => {
      if (!over && endpoint.idle()) finish();
    };
    readiness.when(endpoint.idleHandle, ask);
    ask();
  });
}

/** `file` is the addon, an absolute path. Throws if it cannot be loaded here. */
export function createQuinnBackend(options: { readonly file: string; readonly clock: Clock }): QuicBackend {
  const { clock } = options;
  const { NativeEndpoint: endpoints } = loadNativeQuic(options.file);

  return {
    name: 'quinn',

    listen: async (settings) => {
      const readiness = createReadiness();
      const endpoint = endpoints.listen(settings, readiness.wake);
      const { address, port } = endpoint.localAddress;
      let onConnection: ((connection: QuicConnection) => void) | null = null;
      let closing: Promise<void> | null = null;
      const connections = new Set<OwnedConnection>();
      const takeArrivals = (): void => {
        const listener = onConnection;
        if (listener === null || closing !== null) return;
        for (let arrival = endpoint.arrival(); arrival !== null; arrival = endpoint.arrival()) {
          if (!isConnection(arrival)) continue;
          const connection: OwnedConnection = createQuinnConnection({
            native: arrival,
            endpoint,
            readiness,
            onOver: () => connections.delete(connection),
          });
          connections.add(connection);
          listener(connection);
        }
      };
      readiness.when(endpoint.arrivalHandle, takeArrivals);
      return {
        address,
        port,
        onConnection: (listener) => {
          onConnection = listener;
          takeArrivals();
        },
        setCertificate: (certificate, key) => endpoint.setCertificate(certificate, key),
        close: (code, reason) => {
          if (closing === null) {
            endpoint.close(code, Buffer.from(reason, 'utf8'));
            closing = release(endpoint, readiness, clock).finally(() => {
              for (const connection of connections) connection.abandon();
            });
          }
          return closing;
        },
      };
    },

    dial: async (settings) => {
      const { signal, ...dialSettings } = settings;
      signal?.throwIfAborted();
      const readiness = createReadiness();
      const endpoint = endpoints.dial(dialSettings, readiness.wake);
      return new Promise((resolve, reject) => {
        const give = (error: unknown): void => {
          signal?.removeEventListener('abort', onAbort);
          void release(endpoint, readiness, clock);
          reject(error);
        };
        const onAbort = (): void => {
          endpoint.close(0, Buffer.alloc(0));
          give(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        const forget = readiness.when(endpoint.arrivalHandle, () => {
          const arrival = endpoint.arrival();
          if (arrival === null) return;
          forget();
          if (!isConnection(arrival)) {
            give(new QuicConnectionError(arrival));
            return;
          }
          signal?.removeEventListener('abort', onAbort);
          const connection = createQuinnConnection({ native: arrival, endpoint, readiness, onOver: () => {} });
          void connection.closed.finally(() => void release(endpoint, readiness, clock));
          resolve(connection);
        });
      });
    },
  };
}
