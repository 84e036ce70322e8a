/**
 * Where visitors arrive: a server for HTTP/1.1 and HTTP/2 with bounds against peers that only want to occupy it.
 *
 * Heads must come in time; bodies, event streams and WebSockets may take as long as they live.
 */
import http from 'node:http';
import http2, { type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Logger } from '#base/logger.ts';

import { detectHttpVersion } from './http-version.ts';
import type { VisitorLimits } from './visitor-limits.ts';
import type { VisitorRouter } from './visitor-router.ts';
import type { ServeVisitorStreams } from './visitor-streams.ts';

export type HttpListener = {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new connection and ends idle ones. */
  stopAccepting(): void;
  /** Ends every connection. */
  close(): Promise<void>;
};

/** A head that takes longer is no visitor. */
const headersTimeoutMs = 20_000;
/** Longer than the 60 s after which usual load balancers close, so that they do it and not we under their request. */
const keepAliveTimeoutMs = 65_000;
/** Cookies of 32 KiB pass; half of what the tunnel takes, which repeats some of it. */
const maxHeaderBytes = 64 * 1024;
const maxConnections = 20_000;

/** Of one visitor over HTTP/2, beside what all of its connections together may have. */
const http2Options = {
  maxSessionMemory: 64,
  settings: {
    maxConcurrentStreams: 250,
    maxHeaderListSize: maxHeaderBytes,
    // What an upload may send ahead; 25 MB/s on a path with a round trip of 40 ms.
    initialWindowSize: 1024 * 1024,
  },
} as const;

/** Resolves once it listens; rejects if the address cannot be used. */
export async function createHttpListener(options: {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly router: VisitorRouter;
  readonly serveStreams: ServeVisitorStreams;
  readonly admitConnection: VisitorLimits['admitConnection'];
  readonly log: Logger;
}): Promise<HttpListener> {
  const { router, log } = options;
  const server = http.createServer({
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: 5000,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  });
  server.maxConnections = maxConnections;
  // Connections that the server does not know (yet), or not any more, and so cannot close.
  const strangers = new Set<{ destroy(): void }>();
  const keep = (socket: Duplex): void => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
  };
  const visitors = createVisitorSessions(options.serveStreams);
  const serveHttp1 = server.listeners('connection') as ((this: http.Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // SECURITY: no single address may hold all of them.
    if (!options.admitConnection(socket)) {
      socket.destroy();
      return;
    }
    keep(socket);
    detectHttpVersion(socket, headersTimeoutMs, (version) => {
      if (version === 2) {
        visitors.serve(socket);
        return;
      }
      strangers.delete(socket);
      for (const listener of serveHttp1) listener.call(server, socket);
    });
  });
  server.on('request', router.onRequest);
  // The service decides whether it wants the body (RFC 9110 §10.1.1), not this server.
  server.on('checkContinue', router.onRequest);
  server.on('upgrade', router.onUpgrade);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log.error('visitor listener error', { error }));
  const { address, port } = server.address() as AddressInfo;
  server.on('upgrade', (_request, socket) => keep(socket));
  let closed: Promise<void> | null = null;
  const stopAccepting = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    return closed;
  };

  return {
    address: { host: address, port },
    stopAccepting: () => {
      void stopAccepting();
      visitors.drain();
    },
    close: async () => {
      const done = stopAccepting();
      server.closeAllConnections();
      for (const socket of strangers) socket.destroy();
      await done;
    },
  };
}

type VisitorSessions = { readonly serve: (socket: Socket) => void; readonly drain: () => void };

function createVisitorSessions(serveStreams: ServeVisitorStreams): VisitorSessions {
  const sessions = new Set<ServerHttp2Session>();
  return {
    serve: (socket) => {
      const session = http2.performServerHandshake(socket, http2Options);
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      // Closing lets streams finish; it only takes no new ones.
      session.setTimeout(keepAliveTimeoutMs, () => session.close());
      serveStreams(session, socket);
    },
    drain: () => {
      for (const session of sessions) session.close();
    },
  };
}
