/** What one address may hold at an edge, with a service behind it. Linux: only there all of 127.0.0.0/8 is this machine. */
import http from 'node:http';
import net from 'node:net';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { startTestPlatform, type TestPlatform } from '../test-platform.ts';
import { startTestOrigin, type TestOrigin } from '../test-visitor.ts';

const soon = { timeout: 15_000, interval: 20 };
const greedy = '127.0.0.2';
const other = '127.0.0.3';

describe.runIf(process.platform === 'linux')('while one address holds all it may have', () => {
  let platform: TestPlatform;
  let origin: TestOrigin;
  const streams: http.ClientRequest[] = [];

  const ask = (from: string, path: string, headers: http.OutgoingHttpHeaders = {}): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = http.request({
        host: '127.0.0.1',
        port: platform.edge.http.port,
        localAddress: from,
        path,
        agent: false,
        headers: { host: 'shop.localhost', ...headers },
      });
      request.once('response', (response) => {
        response.on('error', () => {});
        resolve(response);
      });
      request.once('upgrade', (response) => resolve(response));
      request.on('error', reject);
      request.end();
      if (path === '/events') streams.push(request);
    });
  const statusOf = async (from: string): Promise<number> => {
    const response = await ask(from, '/');
    response.resume();
    return response.statusCode ?? 0;
  };

  beforeAll(async () => {
    platform = await startTestPlatform({ edge: { http: { host: '127.0.0.1', port: 0, requestsPerVisitor: 3 } } });
    origin = await startTestOrigin();
    const agent = await platform.startAgent('laptop');
    await agent.expose('shop', origin.port);
    await vi.waitUntil(async () => (await platform.condition('httpProxy', 'shop', 'Ready')).startsWith('True'), soon);
    for (let index = 0; index < 3; index += 1) await ask(greedy, '/events');
  });
  afterAll(async () => {
    await platform.close();
    await origin.stop();
  });

  test('it is told so, and nobody else notices', async () => {
    const refused = await ask(greedy, '/', { accept: 'text/html' });
    expect(refused.statusCode).toBe(429);
    expect(refused.headers).toMatchObject({
      'proxy-status': 'sallyport-edge; error=http_request_denied; details="VisitorLimit"',
      'retry-after': '5',
    });
    expect(await refused.setEncoding('utf8').reduce((text: string, part: string) => text + part, '')).toContain(
      'Too many requests from one address',
    );
    expect(await statusOf(other)).toBe(200);
  });

  test('a WebSocket of its counts as well', async () => {
    const response = await ask(greedy, '/', {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    });
    expect(response.statusCode).toBe(429);
  });

  test('it may have no more than twice as many connections', async () => {
    const idle: net.Socket[] = [];
    const ended = await new Promise<number>((resolve) => {
      for (let index = 0; index < 4; index += 1) {
        const socket = net.connect({ host: '127.0.0.1', port: platform.edge.http.port, localAddress: greedy });
        socket.on('error', () => {});
        socket.once('close', () => resolve(index));
        idle.push(socket);
      }
    });
    // Three streams, and three of these.
    expect(ended).toBe(3);
    expect(await statusOf(other)).toBe(200);
    for (const socket of idle) socket.destroy();
  });

  test('what it gives back it may use again', async () => {
    streams[0]?.destroy();
    await expect.poll(() => statusOf(greedy).catch(() => 0), soon).toBe(200);
  });
});
