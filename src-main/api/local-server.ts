/**
 * The agent's local socket: where the command line and further windows of the same user reach it.
 *
 * Holding it is what makes this process *the* agent of the profile.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';

import { WebSocketServer } from 'ws';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';

import { claimEndpoint } from '../local-endpoint/claim-endpoint.ts';
import type { EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import { maxMessageBytes, serveContract } from './serve-contract.ts';

export type LocalServer = {
  /** Answers clients from now on, also those that came before. */
  serve(handlers: AgentHandlers): void;
  /** Ends all connections and frees the socket. */
  close(): Promise<void>;
};

const maxClients = 64;

/** Claims the socket; null if another agent of the profile holds it. Clients wait until `serve` is called. */
export async function openLocalServer(options: {
  readonly location: EndpointLocation;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<LocalServer | null> {
  const { location, clock, log } = options;
  const listener = await claimEndpoint(location, clock);
  if (listener === null) return null;
  const http = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server: http, maxPayload: maxMessageBytes, perMessageDeflate: false });
  let waiting: Socket[] | null = [];
  listener.maxConnections = maxClients;
  listener.on('connection', (connection) => {
    if (waiting === null) http.emit('connection', connection);
    else waiting.push(connection);
  });
  return {
    serve: (handlers) => {
      sockets.on('connection', (socket) => serveContract({ socket, handlers, clock, log }));
      for (const connection of waiting ?? []) http.emit('connection', connection);
      waiting = null;
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        for (const connection of waiting ?? []) connection.destroy();
        sockets.close();
        http.closeAllConnections();
        listener.close(() => resolve());
      }),
  };
}
