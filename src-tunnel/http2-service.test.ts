/**
 * Services that speak HTTP/2 only, as gRPC's do, behind the tunnel: for visitors of HTTP/1.1 here; the end-to-end suite
 * has real gRPC.
 */
import http from 'node:http';
import http2, { type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import type net from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { selfSigned } from './testing/certificates.ts';
import { ask } from './testing/services.ts';
import { createCleanup, listen, startTunnel, until, type TunnelUnderTest } from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

type Handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function tunnelTo(handle: Handle): Promise<{ readonly tunnel: TunnelUnderTest; readonly opened: () => number }> {
  let opened = 0;
  const server = http2.createServer();
  const sockets = new Set<net.Socket>();
  server.on('session', () => {
    opened += 1;
  });
  server.on('sessionError', () => {});
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    handle(stream, headers);
  });
  const port = await listen(server);
  cleanup.add(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { tunnel: await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` }), opened: () => opened };
}

const grpc = { 'content-type': 'application/grpc+proto', te: 'trailers', host: 'echo.example' };

test('an ordinary request is asked again in the language of the service', async () => {
  const { tunnel } = await tunnelTo((stream, headers) => {
    stream.respond({ ':status': 415, 'x-asked': `${headers[':method']} ${headers[':path']}` });
    stream.end('gRPC only');
  });
  const { message, body } = await ask(tunnel.port, { path: '/status' });
  expect(message.statusCode).toBe(415);
  expect(message.headers['x-asked']).toBe('GET /status');
  expect(message.headers['x-answered-by']).toBe('origin');
  expect(body.toString()).toBe('gRPC only');
});

test('gRPC goes there at once, with its body, host and trailers, over one connection', async () => {
  const { tunnel, opened } = await tunnelTo((stream, headers) => {
    let body = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    stream.once('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-te': headers['te'] ?? '' }));
      stream.end(`${headers[':authority']} ${body}`);
    });
  });
  for (const words of ['one', 'two']) {
    const { message, body } = await ask(tunnel.port, { method: 'POST', path: '/Echo', headers: grpc }, words);
    expect(body.toString()).toBe(`echo.example ${words}`);
    expect(message.trailers).toEqual({ 'grpc-status': '0', 'x-te': 'trailers' });
  }
  expect(opened()).toBe(1);
  expect(tunnel.engine.totals()).toMatchObject({ requests: 2, bytesIn: 6 });
});

test('an answer of fields alone stays one', async () => {
  const { tunnel } = await tunnelTo((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
  });
  const { message, body } = await ask(tunnel.port, { method: 'POST', headers: grpc }, 'x');
  expect(message.headers['grpc-status']).toBe('12');
  expect(body).toHaveLength(0);
});

test('an answer that breaks off is broken off', async () => {
  const { tunnel } = await tunnelTo((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    stream.write('half', () => stream.destroy(new Error('crashed')));
  });
  await expect(ask(tunnel.port, { method: 'POST', headers: grpc }, 'x')).rejects.toThrow();
  await until(() => tunnel.outcomes.length === 1);
  expect(tunnel.outcomes[0]).toMatchObject({ answeredBy: 'origin', brokenOff: true });
});

test('gRPC to a service that knows HTTP/1.1 only is told so, and to one that is gone as well', async () => {
  const server = http.createServer((_request, response) => response.end('hello'));

  const port = await listen(server);
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  const refused = await ask(tunnel.port, { method: 'POST', headers: grpc }, 'x');
  expect(refused.message.statusCode).toBe(502);
  expect(refused.message.headers['proxy-status']).toMatch(
    /^sallyport-agent; error=\w+; details="SP_ORIGIN_UNREACHABLE"/,
  );
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await ask(tunnel.port, { method: 'POST', headers: grpc }, 'x');
  expect(gone.message.headers['proxy-status']).toContain('SP_ORIGIN_REFUSED');
});
