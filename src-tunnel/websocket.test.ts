/**
 * WebSockets and raw TCP through the tunnel, as a visitor and a database client see them.
 */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import net from 'node:net';

import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';

import { selfSigned } from './testing/certificates.ts';
import { createCleanup, listen, startTunnel, until, type TunnelUnderTest } from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

async function tunnelTo(
  options: ServerOptions,
  onConnection: (socket: WebSocket, request: http.IncomingMessage) => void,
): Promise<TunnelUnderTest> {
  const server = http.createServer((_request, response) => response.end('plain'));
  const sockets = new WebSocketServer({ server, ...options });
  sockets.on('connection', onConnection);
  const port = await listen(server);
  cleanup.add(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
}

test('messages, subprotocol, compression, pings and a 1 MB message pass', async () => {
  let host: string | undefined;
  let pings = 0;
  const tunnel = await tunnelTo({ perMessageDeflate: true, handleProtocols: () => 'chat.v2' }, (socket, request) => {
    host = request.headers.host;
    socket.on('ping', () => {
      pings += 1;
    });
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const socket = new WebSocket(`ws://127.0.0.1:${tunnel.port}/chat?room=1`, ['chat.v1', 'chat.v2'], {
    headers: { host: 'app.example' },
  });
  await opened(socket);
  expect(socket.protocol).toBe('chat.v2');
  expect(socket.extensions).toContain('permessage-deflate');
  expect(host).toBe('app.example');

  const received: Buffer[] = [];
  socket.on('message', (data: Buffer) => received.push(data));
  const large = randomBytes(1024 * 1024);
  socket.send('hello');
  socket.send(large);
  await until(() => received.length === 2);
  expect(received[0]?.toString()).toBe('hello');
  expect(received[1]?.equals(large)).toBe(true);

  let pong = '';
  socket.on('pong', (data) => {
    pong = data.toString();
  });
  socket.ping('are you there');
  await until(() => pong === 'are you there');
  expect(pings).toBe(1);

  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  socket.close(4001, 'bye');
  expect(await closed).toBe(4001);
  await until(() => tunnel.session().openStreams === 0);
  expect(tunnel.outcomes).toEqual([{ answeredBy: 'origin', status: 101 }]);
  expect(tunnel.engine.totals().bytesOut).toBeGreaterThan(large.length);
});

test('a first message sent together with the handshake is not lost, in either direction', async () => {
  const tunnel = await tunnelTo({}, (socket) => {
    socket.send('first');
    socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`));
  });
  const socket = net.connect(tunnel.port, '127.0.0.1');
  let received = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  const frame = Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from('hi')]);
  const key = randomBytes(16).toString('base64');
  const head = `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), frame]));
  await until(() => received.includes('first') && received.includes('echo hi'));
  socket.destroy();
});

test('an abrupt end passes both ways', async () => {
  const server: { socket?: WebSocket; code?: number } = {};
  const tunnel = await tunnelTo({}, (socket) => {
    server.socket = socket;
    socket.on('error', () => {});
    socket.on('close', (code) => {
      server.code = code;
    });
  });
  const leaving = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`);
  leaving.on('error', () => {});
  await opened(leaving);
  leaving.terminate();
  await until(() => server.code === 1006);

  const staying = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`);
  staying.on('error', () => {});
  await opened(staying);
  const closed = new Promise<number>((resolve) => staying.once('close', resolve));
  server.socket?.terminate();
  expect(await closed).toBe(1006);
  await until(() => tunnel.session().openStreams === 0);
});

test('a visitor whose connection is reset is not a visitor who has finished', async () => {
  const ends: string[] = [];
  const server = http.createServer();
  server.on('upgrade', (request, socket: net.Socket) => {
    const key = String(request.headers['sec-websocket-key']);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.resume();
    socket.on('end', () => ends.push('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  for (let index = 1; index <= 10; index += 1) {
    const socket = net.connect(tunnel.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    socket.resetAndDestroy();
    await until(() => ends.length === index);
  }
  expect(new Set(ends)).toEqual(new Set(['ECONNRESET']));
});

test.each([
  ['refuses', 401, 'who are you'],
  ['does not know WebSocket', 200, 'plain'],
])('a service that %s is heard with its own answer', async (_what, status, body) => {
  const server = http.createServer((_request, response) => response.end(body));
  if (status !== 200) {
    server.on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\nWWW-Authenticate: Basic\r\n\r\n${body}`);
    });
  }
  const port = await listen(server);
  cleanup.add(() => {
    server.closeAllConnections();
    server.close();
  });
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  const socket = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`);
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    socket.once('unexpected-response', (_request, response: http.IncomingMessage) => resolve(response));
    socket.once('error', reject);
  });
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  expect(answer.statusCode).toBe(status);
  expect(text).toBe(body);
  expect(answer.headers['proxy-status']).toBeUndefined();
  expect(answer.headers['x-answered-by']).toBe('origin');
  await until(() => tunnel.session().openStreams === 0);
});

test('a WebSocket to a service that is not started gets 502 and the reason', async () => {
  const server = http.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  const socket = new WebSocket(`ws://127.0.0.1:${tunnel.port}/`);
  const answer = await new Promise<http.IncomingMessage>((resolve) => {
    socket.once('unexpected-response', (_request, response: http.IncomingMessage) => resolve(response));
  });
  answer.resume();
  expect(answer.statusCode).toBe(502);
  expect(answer.headers['proxy-status']).toContain('SP_ORIGIN_REFUSED');
});

test('an offer of another protocol is ignored and the request answered', async () => {
  const tunnel = await tunnelTo({}, () => {});
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    http.get({ port: tunnel.port, host: '127.0.0.1', headers, agent: false }, resolve).on('error', reject);
  });
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  expect(text).toBe('plain');
});

async function tcpTunnel(onConnection: (socket: net.Socket) => void): Promise<{
  readonly tunnel: TunnelUnderTest;
  readonly connect: () => Promise<ClientHttp2Stream>;
}> {
  const server = net.createServer({ allowHalfOpen: true }, onConnection);
  const port = await listen(server);
  cleanup.add(() => server.close());
  const backend = `127.0.0.1:${port}`;
  const tunnel = await startTunnel(cleanup, certificate, { backend });
  const connect = async (): Promise<ClientHttp2Stream> => {
    const stream = tunnel.session().request({ ':method': 'CONNECT', ':authority': backend });
    stream.on('error', () => {});
    const status = await new Promise((resolve) => {
      stream.once('response', (fields) => resolve(fields[':status']));
    });
    expect(status).toBe(200);
    return stream;
  };
  return { tunnel, connect };
}

test('CONNECT: a client that has sent everything still gets its answer (half-close)', async () => {
  const { tunnel, connect } = await tcpTunnel((socket) => {
    let query = '';
    socket.on('data', (chunk) => {
      query += chunk.toString();
    });
    socket.on('end', () => socket.end(`rows for ${query}`));
  });
  const stream = await connect();
  stream.end('select 1');
  let answer = '';
  for await (const chunk of stream) answer += String(chunk);
  expect(answer).toBe('rows for select 1');
  await until(() => tunnel.session().openStreams === 0);
});

test('CONNECT: a server that has sent everything still hears its client (half-close)', async () => {
  let heard = '';
  const { connect } = await tcpTunnel((socket) => {
    socket.end('greeting');
    socket.on('data', (chunk) => {
      heard += chunk.toString();
    });
  });
  const stream = await connect();
  let greeting = '';
  for await (const chunk of stream) greeting += String(chunk);
  expect(greeting).toBe('greeting');
  stream.end('thanks');
  await until(() => heard === 'thanks');
});

test('CONNECT: a reset of the server is a reset for the client, and the other way round', async () => {
  const sockets: net.Socket[] = [];
  const errors: string[] = [];
  const { tunnel, connect } = await tcpTunnel((socket) => {
    sockets.push(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    socket.resume();
  });
  const first = await connect();
  sockets[0]?.resetAndDestroy();
  await until(() => first.closed);
  expect(first.rstCode).not.toBe(0);

  const second = await connect();
  second.destroy(new Error('gone'));
  await until(() => errors.includes('ECONNRESET'));
  await until(() => tunnel.session().openStreams === 0);
});
