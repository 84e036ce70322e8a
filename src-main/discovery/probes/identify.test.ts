/**
 * Asks real servers what they are, and servers that behave badly.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '#base/clock.ts';

import { createAuthority, issueServerCertificate, type CertificateFiles } from '../../playground/certificates.ts';
import { installed, postgresFolder, startPostgres, startRedis, type RealServer } from '../testing/real-servers.ts';
import type { Identity } from './identity.ts';
import { identify } from './identify.ts';

const closers: (() => unknown)[] = [];
const never = new AbortController().signal;
let certificate: CertificateFiles;

beforeAll(async () => {
  certificate = await issueServerCertificate(await createAuthority(Date.now()), ['shop.test'], Date.now());
});

afterAll(async () => {
  for (const close of closers) await close();
});

async function open(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, program: string | null = null): Promise<Identity> =>
  identify({ host: '127.0.0.1', port }, program, { clock: systemClock, signal: never });

/** Milliseconds until `work` is done, and what it gives. */
async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const start = performance.now();
  const result = await work;
  return { result, ms: performance.now() - start };
}

/** A server that greets with `greeting`, and collects what it is told. */
async function greeter(greeting: string): Promise<{ readonly port: number; readonly heard: Buffer[] }> {
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    if (greeting !== '') socket.write(greeting);
  });
  return { port: await open(server), heard };
}

const httpServer = (answer: RequestListener): HttpServer => createHttpServer(answer);

const nothing = { kind: 'unknown', certain: false, secure: false, title: null, status: null, product: null };

describe('a web server', () => {
  it('is known by its page', async () => {
    const seen: unknown[] = [];
    const port = await open(
      httpServer(({ method, url, headers, httpVersion }, response) => {
        seen.push({ method, url, headers, httpVersion });
        response.setHeader('server', 'nginx/1.22.1').setHeader('content-type', 'text/html; charset=utf-8');
        response.end('<!doctype html><title>Mira’s shop</title>');
      }),
    );
    expect(await ask(port)).toEqual({
      kind: 'http',
      certain: true,
      secure: false,
      title: 'Mira’s shop',
      status: 200,
      product: 'nginx/1.22.1',
    });
    // What docs/discovery.md says is sent.
    expect(seen).toEqual([
      {
        method: 'GET',
        url: '/',
        httpVersion: '1.1',
        headers: {
          host: `localhost:${port}`,
          'user-agent': 'Sallyport-Discovery',
          accept: 'text/html, */*;q=0.1',
          connection: 'close',
        },
      },
    ]);
  });

  it('may answer with anything', async () => {
    const redirect = httpServer((_request, response) => response.writeHead(302, { location: '/login' }).end());
    expect(await ask(await open(redirect))).toMatchObject({ kind: 'http', status: 302, title: null });
    const json = httpServer((_request, response) =>
      response.writeHead(404, { 'content-type': 'application/json', 'x-powered-by': 'Express' }).end('{"title":1}'),
    );
    expect(await ask(await open(json))).toMatchObject({ kind: 'http', status: 404, title: null, product: 'Express' });
  });

  it('is read up to its title only, however long the page', async () => {
    const port = await open(
      httpServer((_request, response) => {
        response.setHeader('content-type', 'text/html');
        response.write('<title>Endless</title>');
        const flood = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', flood);
        flood();
      }),
    );
    const { result, ms } = await timed(ask(port));
    expect(result).toMatchObject({ kind: 'http', title: 'Endless' });
    expect(ms).toBeLessThan(1000);
  });

  it('is known though its page never ends and has no title', async () => {
    const port = await open(
      httpServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.write('<p>Loading');
      }),
    );
    expect(await ask(port)).toMatchObject({ kind: 'http', status: 200, title: null });
  });

  it('with TLS is known by its page and its certificate, which is not verified', async () => {
    const { cert, key } = certificate;
    const server = createHttpsServer({ cert, key }, (_request, response) => {
      response.setHeader('content-type', 'text/html').end('<title>Secret shop</title>');
    });
    const known = {
      kind: 'http',
      certain: true,
      secure: true,
      title: 'Secret shop',
      status: 200,
      product: 'shop.test',
    };
    expect(await ask(await open(server))).toEqual(known);
  });

  it('that asks for TLS in words gets it', async () => {
    const { cert, key } = certificate;
    const secure = createHttpsServer({ cert, key }, (_request, response) => response.end('inside'));
    const plain = httpServer((_request, response) => {
      response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n');
    });
    const ports = { secure: await open(secure), plain: await open(plain) };
    // As nginx and Go do: one port, and the first byte decides.
    const front = createServer((socket) =>
      socket.once('data', (first: Buffer) => {
        const back = connect(first[0] === 22 ? ports.secure : ports.plain, '127.0.0.1');
        back.on('error', () => socket.destroy()).write(first);
        socket.pipe(back).pipe(socket);
      }),
    );
    expect(await ask(await open(front))).toMatchObject({ kind: 'http', secure: true, status: 200 });
  });

  it('with HTTP/2 only is known as that', async () => {
    expect(await ask(await open(createHttp2Server()))).toMatchObject({ kind: 'http2', certain: true });
  });
});

describe('other servers', () => {
  it('that greet are told nothing', async () => {
    const { port, heard } = await greeter('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n');
    expect(await ask(port)).toMatchObject({ kind: 'ssh', product: 'OpenSSH 9.2p1 Debian-2+deb12u10' });
    expect(heard).toEqual([]);
  });

  it('inside TLS are known as such', async () => {
    const { cert, key } = certificate;
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    });
    expect(await ask(await open(server))).toMatchObject({ kind: 'tls', secure: true, product: 'shop.test' });
  });

  it('that refuse our TLS are known to speak it', async () => {
    const { cert, key } = certificate;
    const picky = createTlsServer({ cert, key, ALPNProtocols: ['sallyport-h2/1'] });
    expect(await ask(await open(picky))).toMatchObject({ kind: 'tls', certain: true, secure: true, product: null });
  });

  it('for debugging Node are known as debuggers', async () => {
    const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', '-e', 'setInterval(() => {}, 1000)']);
    closers.push(() => child.kill('SIGKILL'));
    const [said] = (await once(child.stderr, 'data')) as [Buffer];
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(said.toString())?.[1]);
    expect(await ask(port)).toMatchObject({ kind: 'debugger', certain: true });
  });

  const postgres = postgresFolder();
  describe.skipIf(postgres === null)('PostgreSQL', () => {
    let server: RealServer;
    beforeAll(async () => {
      server = await startPostgres(postgres ?? '');
      closers.push(() => server.close());
    }, 30_000);

    it.each([null, 'postgres'])('is known, whether its program is or not (%s)', async (program) => {
      expect(await ask(server.port, program)).toMatchObject({ kind: 'postgresql', certain: true });
    });
  });

  const redis = installed('redis-check-rdb') ?? installed('redis-server');
  describe.skipIf(redis === null).each([
    ['open', []],
    ['behind a password', ['--requirepass', 'secret']],
  ])('Redis %s', (_how, options) => {
    let server: RealServer;
    beforeAll(async () => {
      server = await startRedis(redis ?? '', ...options);
      closers.push(() => server.close());
    }, 30_000);

    it.each([null, 'redis-server'])('is known, whether its program is or not (%s)', async (program) => {
      expect(await ask(server.port, program)).toMatchObject({ kind: 'redis', certain: true });
    });
  });
});

describe.concurrent('a server that behaves badly', () => {
  it('and says nothing is given up', async ({ expect }) => {
    const { port, heard } = await greeter('');
    const { result, ms } = await timed(ask(port));
    expect(result).toEqual(nothing);
    expect(ms).toBeLessThan(3000);
    expect(Buffer.concat(heard).toString()).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
  });

  it('and hangs up at once is given up', async ({ expect }) => {
    const port = await open(createServer((socket) => socket.destroy()));
    const { result, ms } = await timed(ask(port));
    expect(result).toEqual(nothing);
    expect(ms).toBeLessThan(3000);
  });

  it('and resets what it is told is given up', async ({ expect }) => {
    const port = await open(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect(await ask(port)).toEqual(nothing);
  });

  it('and floods is cut off', async ({ expect }) => {
    let sent = 0;
    const port = await open(
      createServer((socket) => {
        const flood = (): void => {
          do sent += 65_536;
          while (!socket.destroyed && socket.write('x'.repeat(65_536)));
        };
        socket.on('drain', flood);
        flood();
      }),
    );
    const { result, ms } = await timed(ask(port));
    expect(result).toEqual(nothing);
    expect(ms).toBeLessThan(1000);
    expect(sent).toBeLessThan(64_000_000);
  });

  it('and never ends its head is given up', async ({ expect }) => {
    const port = await open(
      createServer((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\n');
          const timer = setInterval(() => socket.write('x-more: 1\r\n'), 20);
          socket.on('close', () => clearInterval(timer));
        });
      }),
    );
    const { result, ms } = await timed(ask(port));
    expect(result).toEqual(nothing);
    expect(ms).toBeLessThan(3000);
  });

  it('and has gone is given up', async ({ expect }) => {
    const server = createServer();
    const port = await open(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(port)).toEqual(nothing);
  });

  it('holds up nobody who does not want to wait', async ({ expect }) => {
    const { port } = await greeter('');
    const leaving = AbortSignal.timeout(50);
    const { ms } = await timed(identify({ host: '127.0.0.1', port }, null, { clock: systemClock, signal: leaving }));
    expect(ms).toBeLessThan(1000);
  });

  it('is not even greeted if it may take just one connection', async ({ expect }) => {
    let connections = 0;
    const server = createServer(() => (connections += 1));
    const port = await open(server);
    expect(await ask(port, 'nc')).toEqual(nothing);
    expect(connections).toBe(0);
  });
});

describe('a guess', () => {
  // Nothing listens there: ports below 1024 need privileges that tests do not have to have.
  it.each([
    [1, null, { kind: 'unknown', secure: false }],
    [1, 'postgres', { kind: 'postgresql', secure: false }],
    [9100, null, { kind: 'unknown', secure: false }],
  ])('for port %i of %s is %j, and says that it is one', async (port, program, guessed) => {
    expect(await ask(port, program)).toEqual({ ...nothing, ...guessed });
  });
});
