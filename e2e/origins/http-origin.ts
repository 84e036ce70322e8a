/**
 * A real web service to expose: streams, hashes, server-sent events, WebSockets, trailers.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

import { WebSocketServer } from 'ws';

export type HttpOrigin = {
  readonly port: number;
  /** Bytes that the sockets of `/endless` have taken so far. */
  readonly endlessBytes: () => number;
  /** Emits one server-sent event to every open `/events` stream. */
  sendEvent(data: string): void;
  readonly openEventStreams: () => number;
  readonly openWebSockets: () => number;
  close(): Promise<void>;
};

/** 1 MiB of noise, repeated: incompressible, and cheap to make. */
const noise = randomBytes(1 << 20);

/** The first `length` bytes of the download body, in chunks. */
function* chunksOf(length: number): Generator<Buffer> {
  for (let sent = 0; sent < length; sent += noise.length)
    yield noise.subarray(0, Math.min(noise.length, length - sent));
}

/** SHA-256 of the download body of `length` bytes. */
export function downloadDigest(length: number): string {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(length)) hash.update(chunk);
  return hash.digest('hex');
}

export async function startHttpOrigin(port = 0): Promise<HttpOrigin> {
  const eventStreams = new Set<ServerResponse>();
  let endlessBytes = 0;

  const upload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const hash = createHash('sha256');
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      length += chunk.length;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ length, sha256: hash.digest('hex') }));
  };

  const endless = (response: ServerResponse): void => {
    const write = (): void => {
      while (!response.destroyed) {
        endlessBytes += noise.length;
        if (!response.write(noise)) {
          response.once('drain', write);
          return;
        }
      }
    };
    write();
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://origin');
    switch (url.pathname) {
      case '/download': {
        const length = Number(url.searchParams.get('bytes'));
        response.setHeader('content-length', length);
        await pipeline(chunksOf(length), response);
        return;
      }
      case '/upload':
        await upload(request, response);
        return;
      case '/endless':
        endless(response);
        return;
      case '/events':
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
        response.flushHeaders();
        eventStreams.add(response);
        response.once('close', () => eventStreams.delete(response));
        return;
      case '/trailers':
        response.writeHead(200, { trailer: 'x-checksum' });
        response.write('body');
        response.addTrailers({ 'x-checksum': '42' });
        response.end();
        return;
      case '/headers':
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(request.headers));
        return;
      default:
        response.setHeader('content-type', 'text/html');
        response.end('<!doctype html><title>Origin</title><h1>Hello from the origin</h1>');
    }
  };

  const server = createServer((request, response) => {
    // A visitor who goes away is an ordinary end of a stream.
    handle(request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ server, path: '/echo' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    endlessBytes: () => endlessBytes,
    openEventStreams: () => eventStreams.size,
    openWebSockets: () => sockets.clients.size,
    sendEvent: (data) => {
      for (const stream of eventStreams) stream.write(`data: ${data}\n\n`);
    },
    close: async () => {
      server.closeAllConnections();
      sockets.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
