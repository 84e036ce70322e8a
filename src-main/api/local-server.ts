/**
 * The agent's local socket: where the command line and further windows of the same user reach it.
 *
 * Holding it is what makes this process *the* agent of the profile.
 */
import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';

import { claimEndpoint } from '../local-endpoint/claim-endpoint.ts';
import type { EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { maxMessageBytes, serveContract } from './serve-contract.ts';

export type LocalServer = {
  /** Ends all connections and frees the socket. */
  close(): Promise<void>;
};

const maxClients = 64;

/** Claims the socket and serves `handlers` on it; null if another agent of the profile already does. */
export async function openLocalServer(options: {
  readonly location: EndpointLocation;
  readonly handlers: AgentHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<LocalServer | null> {
  const { location, handlers, clock, log } = options;
  const listener = await claimEndpoint(location, clock);
  if (listener === null) return null;
  const http = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server: http, maxPayload: maxMessageBytes, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    if (sockets.clients.size > maxClients) socket.terminate();
    else serveContract({ socket, handlers, clock, log });
  });
  listener.on('connection', (connection) => http.emit('connection', connection));
  return {
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        sockets.close();
        listener.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
