/**
 * Serves the window to a browser on this machine: files, and the agent's API as a WebSocket at `/agent`.
 *
 * A one-time token in a link is exchanged for a session cookie; without the cookie there is nothing to see. The session
 * ends with the server, whose port stays the same where it can: a page that was open when the agent ended is signed in
 * again by the next link, and goes on.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { WebSocketServer } from 'ws';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';

import { maxMessageBytes, serveContract } from '../api/serve-contract.ts';
import { securityHeaders } from './security-headers.ts';
import { readStaticFile } from './static-files.ts';

export type WebServer = {
  readonly port: number;
  /** URL of the window with a token that works once; the one before it works no longer. */
  newLink(): string;
  close(): Promise<void>;
};

const host = '127.0.0.1';
/** SECURITY: 256 bits, not to be guessed. */
const tokenBytes = 32;
const maxClients = 16;
const maxSockets = 128;
const sessionPath = '/session/';
const agentPath = '/agent';
const howToSignIn = 'Run “npx sallyport web” in a terminal and open the link it prints.';

function equalSecrets(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  // SECURITY: takes the same time wherever the first difference is.
  return timingSafeEqual(digest(left), digest(right));
}

function cookieOf(request: IncomingMessage, name: string): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}

/** Listens on `port`, or on a free one if that is taken. Resolves with the port. */
async function listen(http: Server, port: number): Promise<number> {
  const attempt = (wanted: number): Promise<void> =>
    new Promise((resolve, reject) => {
      http.once('error', reject);
      http.listen({ host, port: wanted }, () => {
        http.off('error', reject);
        resolve();
      });
    });
  try {
    await attempt(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await attempt(0);
  }
  return (http.address() as AddressInfo).port;
}

/** Opens the server on a loopback port: `port` if it is free, otherwise another one. */
export async function openWebServer(options: {
  /** Folder of the built renderer. */
  readonly directory: string;
  readonly port?: number;
  readonly handlers: AgentHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<WebServer> {
  const { directory, handlers, clock, log } = options;
  let oneTimeToken: string | null = null;
  const session = randomBytes(tokenBytes).toString('base64url');
  let port = 0;

  // SECURITY: a page of another site whose name resolves to 127.0.0.1 (DNS rebinding) arrives with its own Host.
  const isOurHost = (request: IncomingMessage): boolean =>
    request.headers.host === `${host}:${port}` || request.headers.host === `localhost:${port}`;

  // Cookies do not distinguish ports; the name keeps two agents in one browser apart.
  const cookieName = (): string => `sallyport-${port}`;
  const hasSession = (request: IncomingMessage): boolean => {
    const cookie = cookieOf(request, cookieName());
    return cookie !== null && equalSecrets(cookie, session);
  };

  const refuse = (response: ServerResponse, status: number, text: string): void => {
    response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
  };

  const openSession = (request: IncomingMessage, response: ServerResponse, token: string): void => {
    const isValid = oneTimeToken !== null && equalSecrets(token, oneTimeToken);
    if (!isValid && !hasSession(request)) {
      refuse(response, 403, `This link was used already or is not valid.\n${howToSignIn}`);
      return;
    }
    if (isValid) oneTimeToken = null;
    response.writeHead(303, {
      ...securityHeaders,
      Location: '/',
      'Cache-Control': 'no-store',
      // SECURITY: out of reach for scripts, and not sent along with anything that another site starts.
      ...(isValid && { 'Set-Cookie': `${cookieName()}=${session}; Path=/; HttpOnly; SameSite=Strict` }),
    });
    response.end();
  };

  const serveFile = async (request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> => {
    const file = await readStaticFile(directory, pathname);
    if (file === null) {
      refuse(response, 404, 'There is no such page.');
      return;
    }
    response.writeHead(200, {
      ...securityHeaders,
      'Content-Type': file.type,
      'Content-Length': file.content.length,
      'Cache-Control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : file.content);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isOurHost(request)) {
      refuse(response, 421, 'This server answers on its loopback address only.');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'Only GET and HEAD are answered.');
      return;
    }
    const { pathname } = new URL(request.url ?? '/', `http://${host}`);
    if (pathname.startsWith(sessionPath) && request.method === 'GET') {
      openSession(request, response, pathname.slice(sessionPath.length));
    } else if (hasSession(request)) {
      await serveFile(request, response, pathname);
    } else {
      refuse(response, 403, `This browser is not signed in to the agent.\n${howToSignIn}`);
    }
  };

  const http = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      log.warn('request for the window failed', { error });
      response.destroy();
    });
  });
  http.maxConnections = maxSockets;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });

  const isAgentPath = (request: IncomingMessage): boolean =>
    new URL(request.url ?? '/', `http://${host}`).pathname === agentPath;

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // SECURITY: browsers open WebSockets across sites, so Origin is checked beside the cookie.
    const sameOrigin = request.headers.origin === `http://${request.headers.host}`;
    const admitted = isOurHost(request) && sameOrigin && hasSession(request) && isAgentPath(request);
    if (!admitted || sockets.clients.size >= maxClients) {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => serveContract({ socket: client, handlers, clock, log }));
  });

  port = await listen(http, options.port ?? 0);

  return {
    port,
    newLink: () => {
      oneTimeToken = randomBytes(tokenBytes).toString('base64url');
      return `http://${host}:${port}${sessionPath}${oneTimeToken}`;
    },
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        sockets.close();
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
