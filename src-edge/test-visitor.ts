/**
 * Visitors and services for tests: plain sockets with a Host of their own, and a service that shows what it was sent.
 * Not part of the product.
 */
import { createHash } from 'node:crypto';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Visit = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };

/** One GET through the edge on `port`, as a browser would send it for `host`. */
export function visit(
  port: number,
  host: string,
  options: { readonly path?: string; readonly headers?: http.OutgoingHttpHeaders; readonly method?: string } = {},
): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const { path = '/', method = 'GET' } = options;
    const request = http.request(
      { host: '127.0.0.1', port, path, method, agent: false, headers: { host, ...options.headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        response.once('error', reject);
      },
    );
    request.once('error', reject);
    request.end();
  });
}

/** An open answer whose body is still coming. */
export function openVisit(port: number, host: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, headers: { host } }, resolve);
    request.once('error', reject);
    request.end();
  });
}

export type TestOrigin = {
  readonly port: number;
  /** Header names of every request so far. */
  readonly seenHeaders: ReadonlySet<string>;
  /** Sends one event to everybody who reads /events. */
  sendEvent(text: string): void;
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
};

const webSocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Answers / with “hello”, /headers with what it got, /events with server-sent events, and echoes upgraded bytes. */
export async function startTestOrigin(): Promise<TestOrigin> {
  const seenHeaders = new Set<string>();
  const readers = new Set<http.ServerResponse>();
  const handle: http.RequestListener = (request, response) => {
    for (const name of Object.keys(request.headers)) seenHeaders.add(name);
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      readers.add(response);
      response.once('close', () => readers.delete(response));
    } else if (request.url === '/upload') {
      let length = 0;
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      request.once('end', () => response.end(String(length)));
    } else if (request.url === '/headers') response.end(JSON.stringify(request.headers));
    else response.end('hello');
  };
  let server: http.Server;
  let port = 0;
  const start = (): Promise<void> =>
    new Promise((resolve) => {
      server = http.createServer(handle);
      server.on('upgrade', (request, socket) => {
        const accept = createHash('sha1')
          .update(`${request.headers['sec-websocket-key'] ?? ''}${webSocketGuid}`)
          .digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.on('error', () => {});
        socket.pipe(socket);
      });
      server.listen(port, '127.0.0.1', () => {
        ({ port } = server.address() as AddressInfo);
        resolve();
      });
    });
  await start();
  return {
    get port() {
      return port;
    },
    seenHeaders,
    sendEvent: (text) => {
      for (const reader of readers) reader.write(`data: ${text}\n\n`);
    },
    start,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
