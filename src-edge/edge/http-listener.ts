/**
 * Where visitors arrive: an HTTP/1.1 server with bounds against peers that only want to occupy it.
 *
 * Heads must come in time; bodies, event streams and WebSockets may take as long as they live.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from '#base/logger.ts';

import type { VisitorLimits } from './visitor-limits.ts';
import type { VisitorRouter } from './visitor-router.ts';

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

/** Resolves once it listens; rejects if the address cannot be used. */
export async function createHttpListener(options: {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly router: VisitorRouter;
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
  server.on('connection', (socket) => {
    // SECURITY: no single address may hold all of them.
    if (!options.admitConnection(socket)) socket.destroy();
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
  const upgraded = new Set<{ destroy(): void }>();
  // Upgraded connections are no longer the server's to close.
  server.on('upgrade', (_request, socket) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  let closed: Promise<void> | null = null;
  const stopAccepting = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
    });
    return closed;
  };

  return {
    address: { host: address, port },
    stopAccepting: () => void stopAccepting(),
    close: async () => {
      const done = stopAccepting();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await done;
    },
  };
}
