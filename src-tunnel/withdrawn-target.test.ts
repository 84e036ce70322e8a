/**
 * Switching a service off while it is used: what runs to it ends, visibly and at once, and nothing else does.
 */
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { selfSigned } from './testing/certificates.ts';
import { createCleanup, listen, startTunnel, until } from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

/** A service that streams without an end on `/stream`, never answers on `/silent`, and takes WebSockets. */
async function startService(): Promise<{ readonly port: number; readonly connections: Set<Socket> }> {
  const server = http.createServer((request, response) => {
    if (request.url === '/stream') response.write('data: first\n\n');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const port = await listen(server);
  cleanup.add(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { port, connections };
}

const get = (port: number, path: string): http.ClientRequest =>
  http.get({ port, path, host: '127.0.0.1', agent: false }).on('error', () => {});

/** Follows an event stream; says when its first data came and when it broke. */
function follow(port: number): { readonly received: () => string; readonly broken: () => boolean } {
  let received = '';
  let broken = false;
  get(port, '/stream').once('response', (answer: IncomingMessage) => {
    answer.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    answer.on('error', () => {
      broken = true;
    });
  });
  return { received: () => received, broken: () => broken };
}

test('an event stream, a WebSocket and a request that waits end when their service is withdrawn', async () => {
  const service = await startService();
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${service.port}` });
  const stream = follow(tunnel.port);
  const socket = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`);
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
  const waiting = new Promise<number | undefined>((resolve) => {
    get(tunnel.port, '/silent').once('response', (answer: IncomingMessage) => {
      answer.resume();
      resolve(answer.statusCode);
    });
  });
  await until(() => stream.received() !== '' && service.connections.size === 3);

  tunnel.apply({ allow: [] });
  await until(() => stream.broken());
  // RFC 6455 §7.1.5: 1006 is a connection that broke off.
  expect(await closed).toBe(1006);
  expect(await waiting).toBe(403);
  // The service sees its visitors leave, and the tunnel itself goes on.
  await until(() => service.connections.size === 0);
  expect(tunnel.edge.sessions).toHaveLength(1);
  expect(await tunnel.session().answersHealth(5000)).toBe(true);
  await until(() => tunnel.engine.totals().activeStreams === 0);
});

test('a stream to another service goes on, also one that came by another name of the same machine', async () => {
  const kept = await startService();
  const withdrawn = await startService();
  const allowed = (port: number) => ({ host: 'localhost', port, protocol: 'TCP' as const });
  const tunnel = await startTunnel(cleanup, certificate, {
    backend: `127.0.0.1:${kept.port}`,
    allow: [allowed(kept.port), allowed(withdrawn.port)],
  });
  const stream = follow(tunnel.port);
  const raw = tunnel.session().request({ ':method': 'CONNECT', ':authority': `127.0.0.1:${withdrawn.port}` });
  let rawEnded = false;
  raw.on('error', () => {});
  raw.once('close', () => {
    rawEnded = true;
  });
  await until(() => stream.received() !== '' && withdrawn.connections.size === 1);
  tunnel.apply({ allow: [allowed(kept.port)] });
  await until(() => rawEnded && withdrawn.connections.size === 0);
  expect(stream.broken()).toBe(false);
  expect(kept.connections.size).toBe(1);
});

test('a target withdrawn while it is dialled is never connected to the visitor', async () => {
  const service = await startService();
  let resolveName: (addresses: readonly string[]) => void = () => {};
  const lookups: string[] = [];
  const tunnel = await startTunnel(cleanup, certificate, {
    backend: `127.0.0.1:${service.port}`,
    allow: [{ host: 'app.corp', port: service.port, protocol: 'TCP' }],
    lookup: (name) => {
      lookups.push(name);
      return new Promise((resolve) => {
        resolveName = resolve;
      });
    },
  });
  const raw = tunnel.session().request({ ':method': 'CONNECT', ':authority': `app.corp:${service.port}` });
  let status = 0;
  raw.on('response', (fields) => {
    status = Number(fields[':status']);
  });
  raw.on('error', () => {});
  raw.resume();
  const closed = new Promise((resolve) => raw.once('close', resolve));
  await until(() => lookups.length === 1);
  tunnel.apply({ allow: [] });
  await closed;
  expect(status).toBe(403);
  resolveName(['127.0.0.1']);
  await until(() => tunnel.engine.totals().activeStreams === 0 && service.connections.size === 0);
});
