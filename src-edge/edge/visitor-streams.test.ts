/** Visitors who speak HTTP/2 with prior knowledge, before a whole platform and a service that knows HTTP/1.1 only. */
import { once } from 'node:events';
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import net from 'node:net';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { startTestPlatform, testProbeToken, type TestPlatform } from '../test-platform.ts';
import { startTestOrigin, visit, type TestOrigin } from '../test-visitor.ts';

const soon = { timeout: 15_000, interval: 20 };
const host = 'shop.localhost';

let platform: TestPlatform;
let origin: TestOrigin;
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  platform = await startTestPlatform({ edge: { http: { host: '127.0.0.1', port: 0, requestsPerVisitor: 20 } } });
  origin = await startTestOrigin();
  const agent = await platform.startAgent('laptop');
  await agent.expose('shop', origin.port);
  await vi.waitUntil(async () => (await platform.condition('httpProxy', 'shop', 'Ready')).startsWith('True'), soon);
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});
afterAll(async () => {
  await platform.close();
  await origin.stop();
});

function connect(): ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${platform.edge.http.port}`);
  session.on('error', () => {});
  sessions.push(session);
  return session;
}

type Answer = { readonly headers: IncomingHttpHeaders; readonly status: number; readonly body: string };

async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Answer> {
  const stream = session.request({ ':authority': host, ...headers });
  stream.setEncoding('utf8');
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }];
  let text = '';
  for await (const part of stream) text += String(part);
  return { headers: answer, status: answer[':status'], body: text };
}

test('reach a service, side by side with those who speak HTTP/1.1', async () => {
  const session = connect();
  expect(await ask(session, { ':path': '/' })).toMatchObject({ status: 200, body: 'hello' });
  expect(await ask(session, { ':path': '/upload', ':method': 'POST' }, 'x'.repeat(100_000))).toMatchObject({
    status: 200,
    body: '100000',
  });
  expect((await visit(platform.edge.http.port, host)).body).toBe('hello');
});

test('are seen as they are, whatever they claim', async () => {
  const { body } = await ask(connect(), {
    ':path': '/headers',
    'x-forwarded-for': '6.6.6.6',
    'sallyport-probe': testProbeToken,
  });
  expect(JSON.parse(body)).toMatchObject({ host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
  expect(body).not.toContain(testProbeToken);
});

test('read events one by one, and leave', async () => {
  const stream = connect().request({ ':authority': host, ':path': '/events' });
  stream.setEncoding('utf8');
  await once(stream, 'response');
  for (const text of ['first', 'second']) {
    const event = once(stream, 'data');
    origin.sendEvent(text);
    expect((await event)[0]).toBe(`data: ${text}\n\n`);
  }
  stream.close(http2.constants.NGHTTP2_CANCEL);
});

test('are told what is wrong', async () => {
  const session = connect();
  expect(await ask(session, { ':path': '/', ':authority': 'nobody.localhost' })).toMatchObject({
    status: 421,
    headers: { 'proxy-status': 'sallyport-edge; error=destination_not_found; details="UnknownHost"' },
    body: expect.stringContaining('Nothing is published here') as unknown,
  });
  // Two hosts are one too many.
  expect((await ask(session, { ':path': '/', host: 'other.localhost' })).status).toBe(400);
  expect((await ask(session, { ':path': '/', host })).status).toBe(200);
});

test('count for their address, stream by stream', async () => {
  const session = connect();
  const open = Array.from({ length: 20 }, () => session.request({ ':authority': host, ':path': '/events' }));
  await Promise.all(open.map((stream) => once(stream, 'response')));
  expect((await ask(session, { ':path': '/' })).status).toBe(429);
  for (const stream of open) stream.close(http2.constants.NGHTTP2_CANCEL);
  await expect.poll(async () => (await ask(session, { ':path': '/' })).status, soon).toBe(200);
});

test('are recognised however slowly they begin, and so are the others', async () => {
  const { port } = platform.edge.http;
  const trickle = async (text: string): Promise<string> => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    for (const byte of text) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString('latin1');
  };
  // The server's preface is a SETTINGS frame: its type is the fourth byte.
  const settings = await trickle('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  expect(settings.codePointAt(3)).toBe(4);
  expect(await trickle(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
});
