/**
 * The HTTPS server: TLS 1.3, limits, who calls, and refusals as Status. What is asked for is the router's matter.
 */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from '#base/logger.ts';
import type { Authenticate } from '../authorization/tokens.ts';
import { internalError, StatusError, unauthorized } from '../status-error.ts';
import { decodeBody, mediaTypeOf, readBody } from './body.ts';
import { send, type Answer, type Exchange } from './exchange.ts';
import { pathParts } from './target.ts';

export type HttpServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly authenticate: Authenticate;
  /** Answers requests that need no user, undefined where one is needed. */
  readonly openly: (path: string) => Answer | undefined;
  /** Answers what it is asked; undefined when it has taken over the response. */
  readonly handle: (exchange: Exchange) => Promise<Answer | undefined>;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly log: Logger;
};

export type HttpServer = {
  readonly port: number;
  /** Takes no new connections and ends those that are open. */
  close(): Promise<void>;
};

/** Longer than clients keep idle connections, so that they close first and no request is lost to a race. */
const keepAliveMs = 120_000;

/** Resolves once the server listens. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(
    {
      cert: options.cert,
      key: options.key,
      // SECURITY: nothing below TLS 1.3, and no option that lowers it.
      minVersion: 'TLSv1.3',
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    },
    (request, response) => void serve(options, request, response),
  );
  server.maxConnections = options.maxConnections;
  await listen(server, options);
  // A connection that could not be accepted costs that connection, not the control plane.
  server.on('error', (error) => options.log.error('listener error', { error }));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function serve(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => response.destroy());
  try {
    const answer = await answerTo(options, request, response);
    if (answer !== undefined) send(response, answer);
  } catch (error) {
    refuse(options, request, response, error);
  }
}

async function answerTo(
  options: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | undefined> {
  const [pathname = '', search] = (request.url ?? '/').split('?', 2);
  const open = options.openly(pathname);
  if (open !== undefined) return open;
  const user = options.authenticate(request.headers.authorization);
  // SECURITY: nothing beyond this line runs for a caller without a valid token.
  if (user === undefined) throw unauthorized();
  const answer = await options.handle({
    method: request.method ?? 'GET',
    path: pathname,
    parts: pathParts(pathname),
    query: new URLSearchParams(search),
    request,
    response,
    user,
    body: async () => decodeBody(await readBody(request, options.maxBodyBytes), mediaTypeOf(request)),
  });
  options.log.debug('answered', { method: request.method, path: pathname, user: user.name, code: answer?.code });
  return answer;
}

function refuse(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof StatusError;
  if (!known && !request.destroyed) options.log.error('a request failed', { path: request.url, error });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = known ? error : internalError('the control plane failed to answer; see its log');
  const { retryAfterSeconds } = refusal.details;
  // The rest of a body that nobody read would be taken for the next request.
  const unread = !request.complete ? { Connection: 'close' } : {};
  send(response, {
    code: refusal.code,
    body: refusal.toStatus(),
    headers: {
      ...unread,
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      ...(refusal.code === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    },
  });
}
