/**
 * The loopback server of the window, attacked the ways a web page or another user of the machine could.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';

import { createFakeHandlers } from '../testing/fake-handlers.ts';
import { openWebServer, type WebServer } from './web-server.ts';

let directory: string;
let server: WebServer;
let link: URL;
let origin: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-web-'));
  await mkdir(join(directory, 'public'));
  await writeFile(join(directory, 'public/index.html'), '<!doctype html><title>Sallyport</title>');
  await writeFile(join(directory, 'secret.html'), 'secret');
  await symlink(join(directory, 'secret.html'), join(directory, 'public/link.html'));
  server = await openWebServer({
    directory: join(directory, 'public'),
    handlers: createFakeHandlers().handlers,
    clock: systemClock,
    log: silentLogger,
  });
  link = new URL(server.newLink());
  ({ origin } = link);
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** Sends exactly this path and these headers; `fetch` would tidy both. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port, host } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { host, ...headers } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function signIn(): Promise<string> {
  const { headers } = await get(link.pathname);
  return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
}

function openSocket(headers: Record<string, string>): Promise<'open' | number> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/agent`, { headers });
  return new Promise((resolve) => {
    socket.once('open', () => {
      socket.close();
      resolve('open');
    });
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('error', () => resolve(0));
  });
}

it('serves the window to whoever has the one-time link, with the strict policy', async () => {
  const cookie = await signIn();
  const { status, headers, body } = await get('/', { cookie });
  expect(status).toBe(200);
  expect(body).toContain('<title>Sallyport</title>');
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
  expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
});

it('keeps the session out of reach of scripts and other sites', async () => {
  const { headers, status } = await get(link.pathname);
  expect(status).toBe(303);
  expect(headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
});

it('accepts a link once; who is signed in already is taken to the window by it all the same', async () => {
  const cookie = await signIn();
  const second = await get(link.pathname);
  expect(second.status).toBe(403);
  expect(second.body).toContain('npx sallyport web');
  expect(await get(link.pathname, { cookie })).toMatchObject({ status: 303, headers: { location: '/' } });
});

it('gives new links, each of which ends the one before', async () => {
  const newer = new URL(server.newLink());
  expect((await get(link.pathname)).status).toBe(403);
  expect((await get(newer.pathname)).status).toBe(303);
});

it('comes back at its address, or at another one if somebody is there', async () => {
  const { port } = server;
  const start = (): Promise<WebServer> =>
    openWebServer({ directory, port, handlers: createFakeHandlers().handlers, clock: systemClock, log: silentLogger });
  const second = await start();
  expect(second.port).not.toBe(port);
  await second.close();
  await server.close();
  server = await start();
  expect(server.port).toBe(port);
});

it('shows nothing without a session or with a made-up one', async () => {
  const [name] = (await signIn()).split('=');
  expect((await get('/')).status).toBe(403);
  expect((await get('/', { cookie: `${name}=guess` })).status).toBe(403);
  expect((await get('/session/guess')).status).toBe(403);
});

it('answers no other Host, which is how DNS rebinding arrives', async () => {
  const cookie = await signIn();
  expect((await get('/', { cookie, host: 'evil.example' })).status).toBe(421);
});

it.each(['/../secret.html', '/%2e%2e/secret.html', '/..%2fsecret.html', '/link.html', '/index.html%00', '/%ff'])(
  'does not leave its folder for %s',
  async (path) => {
    const cookie = await signIn();
    const { status, body } = await get(path, { cookie });
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  },
);

it('refuses methods that change things', async () => {
  const cookie = await signIn();
  expect((await get('/', { cookie }, 'POST')).status).toBe(405);
});

it('opens the API to its own page only', async () => {
  const cookie = await signIn();
  expect(await openSocket({ cookie, origin })).toBe('open');
  expect(await openSocket({ origin })).toBe(403);
  expect(await openSocket({ cookie, origin: 'http://evil.example' })).toBe(403);
  expect(await openSocket({ cookie })).toBe(403);
  expect(await openSocket({ cookie, origin: 'http://evil.example', host: 'evil.example' })).toBe(403);
});
