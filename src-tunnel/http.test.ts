/**
 * What a visitor of an exposed HTTP service sees, through real sockets and real TLS.
 */
import { createHash, randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { finished } from 'node:stream/promises';

import { afterEach, expect, test } from 'vitest';

import { forwardRequest } from './edge/forward.ts';
import { selfSigned } from './testing/certificates.ts';
import { ask, startService, tunnelToService, type Answer } from './testing/services.ts';
import { createCleanup, listen, settled, startTunnel, until, type TunnelUnderTest } from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

const tunnelTo = (handler: RequestListener, configure?: (server: http.Server) => void): Promise<TunnelUnderTest> =>
  tunnelToService(cleanup, certificate, handler, configure);

/** Sends `text` on a fresh connection and collects everything until it is closed. */
function raw(port: number, text: string): Promise<{ readonly text: string; readonly reset: boolean }> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    let reset = false;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('error', () => {
      reset = true;
    });
    socket.on('close', () => resolve({ text: received, reset }));
    socket.write(text, 'latin1');
  });
}

/** The stream window of 4 MiB plus what kernels and streams between the three sockets hold. */
const buffersBytes = 20 * 1024 * 1024;
const bulkBytes = 50 * 1024 * 1024;

test('a download of 50 MB arrives byte for byte', async () => {
  const chunk = randomBytes(1024 * 1024);
  const tunnel = await tunnelTo((_request, response) => {
    let left = bulkBytes / chunk.length;
    const more = (): void => {
      while (left > 0) {
        left -= 1;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const expected = createHash('sha256');
  for (let index = 0; index < bulkBytes / chunk.length; index += 1) expected.update(chunk);
  const hash = createHash('sha256');
  await new Promise<void>((resolve, reject) => {
    http.get({ port: tunnel.port, host: '127.0.0.1', agent: false }, (answer) => {
      answer.on('data', (data: Buffer) => hash.update(data));
      answer.on('end', resolve);
      answer.on('error', reject);
    });
  });
  expect(hash.digest('hex')).toBe(expected.digest('hex'));
  expect(tunnel.engine.totals().bytesOut).toBe(bulkBytes);
});

test.each(['with a length', 'chunked'])('an upload of 50 MB %s arrives byte for byte', async (framing) => {
  const tunnel = await tunnelTo((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (data: Buffer) => hash.update(data));
    request.on('end', () => {
      response.end(JSON.stringify({ hash: hash.digest('hex'), length: request.headers['content-length'] ?? null }));
    });
  });
  const body = randomBytes(bulkBytes);
  const headers = framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length };
  const answer = await ask(tunnel.port, { method: 'POST', headers }, body);
  expect(JSON.parse(answer.body.toString())).toEqual({
    hash: createHash('sha256').update(body).digest('hex'),
    length: framing === 'chunked' ? null : String(body.length),
  });
  expect(tunnel.engine.totals().bytesIn).toBe(bulkBytes);
});

test('a visitor who stops reading stops the service, and nobody else', async () => {
  let written = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const tunnel = await tunnelTo((request, response) => {
    if (request.url !== '/endless') {
      response.end('quick');
      return;
    }
    const more = (): void => {
      while (!response.destroyed && written < 1e9) {
        written += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  const slow = http.get({ port: tunnel.port, host: '127.0.0.1', path: '/endless', agent: false });
  slow.on('error', () => {});
  const answer = await new Promise<IncomingMessage>((resolve) => slow.once('response', resolve));
  answer.pause();
  const stalledAt = await settled(() => written);
  for (let index = 0; index < 20; index += 1) expect((await ask(tunnel.port)).body.toString()).toBe('quick');
  expect(written).toBe(stalledAt);
  expect(written).toBeLessThan(buffersBytes);
  slow.destroy();
});

test('a service that stops reading an upload stops the visitor', async () => {
  const tunnel = await tunnelTo((request) => {
    request.pause();
  });
  let sent = 0;
  const upload = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
  upload.on('error', () => {});
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (!upload.destroyed && sent < 1e9) {
      sent += chunk.length;
      if (!upload.write(chunk)) {
        upload.once('drain', more);
        return;
      }
    }
  };
  more();
  await settled(() => sent);
  expect(sent).toBeGreaterThan(1024 * 1024);
  expect(sent).toBeLessThan(buffersBytes);
  upload.destroy();
});

test('server-sent events arrive one by one, and the head before the first of them', async () => {
  let emit: (data: string) => void = () => {};
  const tunnel = await tunnelTo((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    emit = (data) => response.write(`data: ${data}\n\n`);
  });
  const request = http.get({ port: tunnel.port, host: '127.0.0.1', agent: false });
  request.on('error', () => {});
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  expect(answer.headers['content-type']).toBe('text/event-stream');
  const received: string[] = [];
  answer.on('error', () => {});
  answer.on('data', (chunk: Buffer) => received.push(chunk.toString()));
  for (let index = 0; index < 5; index += 1) {
    emit(`event ${index}`);
    await until(() => received.length === index + 1);
    expect(received.at(-1)).toBe(`data: event ${index}\n\n`);
  }
  request.destroy();
});

test('the head of an upload reaches the service before its body', async () => {
  const tunnel = await tunnelTo((request, response) => {
    response.flushHeaders();
    request.pipe(response);
  });
  const request = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
  request.flushHeaders();
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  let echoed = '';
  answer.on('data', (chunk: Buffer) => {
    echoed += chunk.toString();
  });
  request.write('one');
  await until(() => echoed === 'one');
  request.write('two');
  await until(() => echoed === 'onetwo');
  request.end();
  await finished(answer);
});

test('trailers pass both ways', async () => {
  const tunnel = await tunnelTo((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { trailer: 'x-after' });
      response.write('body');
      response.addTrailers({ 'x-after': `got ${String(request.trailers['x-checksum'])}` });
      response.end();
    });
  });
  const answer = await new Promise<Answer>((resolve, reject) => {
    const request = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
    request.on('error', reject);
    request.once('response', (message) => {
      message.resume();
      message.on('end', () => resolve({ message, body: Buffer.alloc(0) }));
    });
    request.setHeader('trailer', 'x-checksum');
    request.write('data');
    request.addTrailers({ 'x-checksum': '42' });
    request.end();
  });
  expect(answer.message.trailers).toEqual({ 'x-after': 'got 42' });
});

test('early hints and 100-continue pass', async () => {
  const tunnel = await tunnelTo(
    (_request, response) => {
      response.end();
    },
    (server) => {
      server.on('checkContinue', (request: IncomingMessage, response: http.ServerResponse) => {
        response.writeEarlyHints({ link: '</app.css>; rel=preload' }, () => {
          response.writeContinue();
          request.pipe(response);
        });
      });
    },
  );
  const request = http.request({
    port: tunnel.port,
    host: '127.0.0.1',
    method: 'POST',
    agent: false,
    headers: { expect: '100-continue', 'content-length': 5 },
  });
  const interim: number[] = [];
  let link: unknown;
  request.on('information', (info) => {
    interim.push(info.statusCode);
    link ??= info.headers['link'];
  });
  request.once('continue', () => request.end('hello'));
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  expect(body).toBe('hello');
  expect(interim).toEqual([103, 100]);
  expect(link).toBe('</app.css>; rel=preload');
});

test('early hints that make no sense are left out and harm nobody', async () => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.end('HTTP/1.1 103 Early Hints\r\nLink: not a link\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  expect((await ask(tunnel.port)).body.toString()).toBe('ok');
});

test('an answer the edge cannot render is broken off, and the edge lives on', async () => {
  const tunnel = await tunnelTo((_request, response) => response.end('ok'));
  const broken = http.createServer((request, response) => {
    const responseHeaders = (by: string) => (by === 'origin' ? { 'x-bad': 'two\nlines' } : {});
    const backend = { scheme: 'http', authority: String(request.headers['x-backend']) } as const;
    void forwardRequest({ session: tunnel.session(), request, response, backend, responseHeaders });
  });
  const port = await listen(broken);
  cleanup.add(() => broken.close());
  await expect(ask(port, { headers: { 'x-backend': tunnel.backend } })).rejects.toThrow('socket hang up');
  expect((await ask(tunnel.port)).body.toString()).toBe('ok');
  await until(() => tunnel.session().openStreams === 0);
});

test('a service that declines 100-continue is heard before the body is sent', async () => {
  const tunnel = await tunnelTo(
    () => {},
    (server) => {
      server.on('checkContinue', (_request, response: http.ServerResponse) => {
        response.writeHead(417).end();
      });
    },
  );
  const request = http.request({
    port: tunnel.port,
    host: '127.0.0.1',
    method: 'POST',
    agent: false,
    headers: { expect: '100-continue', 'content-length': 5 },
  });
  request.on('error', () => {});
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  expect(answer.statusCode).toBe(417);
  request.destroy();
});

test.each([
  ['HEAD', 200, { 'content-length': '1234' }],
  ['GET', 204, {}],
  ['GET', 304, { etag: '"1"' }],
  ['GET', 205, {}],
] as const)('%s with %i has no body and the connection stays usable', async (method, status, headers) => {
  const tunnel = await tunnelTo((_request, response) => {
    response.writeHead(status, headers);
    response.end();
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  cleanup.add(() => agent.destroy());
  for (let index = 0; index < 2; index += 1) {
    const { message, body } = await ask(tunnel.port, { method, agent });
    expect(message.statusCode).toBe(status);
    expect(body.length).toBe(0);
    expect(message.headers).toMatchObject(headers);
  }
});

test('an answer that comes before the upload is through is heard, and the next request works', async () => {
  const tunnel = await tunnelTo((request, response) => {
    if (request.url === '/next') {
      response.end('next');
      return;
    }
    response.writeHead(413, { connection: 'close' });
    response.end('too large');
  });
  const request = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
  request.on('error', () => {});
  request.write(Buffer.alloc(1024));
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  expect(answer.statusCode).toBe(413);
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  expect(body).toBe('too large');
  request.destroy();
  expect((await ask(tunnel.port, { path: '/next' })).body.toString()).toBe('next');
  await until(() => tunnel.session().openStreams === 0);
});

test('a visitor who leaves cancels the request at the service', async () => {
  let closed = false;
  const tunnel = await tunnelTo((_request, response) => {
    response.writeHead(200);
    response.write('first');
    response.once('close', () => {
      closed = true;
    });
  });
  const request = http.get({ port: tunnel.port, host: '127.0.0.1', agent: false });
  request.on('error', () => {});
  const answer = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  answer.on('error', () => {});
  request.destroy();
  await until(() => closed);
  await until(() => tunnel.session().openStreams === 0 && tunnel.engine.totals().activeStreams === 0);
});

test('a visitor who leaves before the answer cancels the request at the service', async () => {
  let closed = false;
  let arrived = false;
  const tunnel = await tunnelTo((_request, response) => {
    arrived = true;
    response.once('close', () => {
      closed = true;
    });
  });
  const request = http.get({ port: tunnel.port, host: '127.0.0.1', agent: false });
  request.on('error', () => {});
  await until(() => arrived);
  request.destroy();
  await until(() => closed);
  await until(() => tunnel.outcomes.length === 1);
  expect(tunnel.outcomes).toEqual([{ answeredBy: 'edge', status: 0 }]);
});

test('an upload that breaks off is never a complete one for the service', async () => {
  const ends: string[] = [];
  let arrived = 0;
  const tunnel = await tunnelTo((request) => {
    request.on('data', () => {
      arrived += 1;
    });
    request.on('end', () => ends.push('complete'));
    request.on('error', () => ends.push('broken'));
  });
  for (let index = 1; index <= 20; index += 1) {
    const request = http.request({ port: tunnel.port, host: '127.0.0.1', method: 'POST', agent: false });
    request.on('error', () => {});
    request.write('half of it');
    await until(() => arrived === index);
    request.destroy();
    await until(() => ends.length === index);
  }
  expect(new Set(ends)).toEqual(new Set(['broken']));
});

test.each(['chunked', 'with a length', 'HTTP/1.0 visitor'])(
  'an answer the service breaks off is broken for the visitor too: %s',
  async (kind) => {
    const tunnel = await tunnelTo((_request, response) => {
      if (kind === 'with a length') response.writeHead(200, { 'content-length': 1000 });
      response.write('half', () => response.socket?.destroy());
    });
    const version = kind === 'HTTP/1.0 visitor' ? '1.0' : '1.1';
    for (let index = 0; index < 20; index += 1) {
      const { text, reset } = await raw(tunnel.port, `GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
      expect(text).not.toContain('0\r\n\r\n');
      if (version === '1.0') expect(reset).toBe(true);
      else expect(text).toMatch(/200 OK/);
    }
  },
);

test('a service whose body is shorter or longer than its length is not made whole', async () => {
  const servers = ['short', 'longer than it says'].map((body) =>
    net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n${body}`));
    }),
  );
  const answers: string[] = [];
  for (const server of servers) {
    const port = await listen(server);
    cleanup.add(() => server.close());
    const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
    const outcome = await ask(tunnel.port).then(
      ({ body }) => body.toString(),
      (error: NodeJS.ErrnoException) => error.code ?? '',
    );
    answers.push(outcome);
  }
  expect(answers).toEqual(['ECONNRESET', 'longer tha']);
});

test('header fields arrive as sent: duplicates, cookies of 32 KiB, bytes above ASCII', async () => {
  const cookies = Array.from({ length: 8 }, (_unused, index) => `c${index}=${'x'.repeat(4096)}`);
  const tunnel = await tunnelTo((request, response) => {
    const names = request.rawHeaders.filter((_value, index) => index % 2 === 0).map((name) => name.toLowerCase());
    response.writeHead(
      200,
      [
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2'],
        ['x-many', 'one'],
        ['x-many', 'two'],
        ['link', '</a>; rel=preload'],
        ['link', '</b>; rel=preload'],
        ['x-latin', Buffer.from('grüße', 'utf8').toString('latin1')],
        ['x-large', 'y'.repeat(30_000)],
      ].flat(),
    );
    response.end(JSON.stringify({ cookie: request.headers.cookie, many: request.headers['x-in'], names }));
  });
  const lines = ['x-in', '1', 'x-in', '2', ...cookies.flatMap((cookie) => ['Cookie', cookie])];
  const { message, body } = await ask(tunnel.port, {
    headers: ['Host', 'app.example', ...lines] as unknown as http.OutgoingHttpHeaders,
    maxHeaderSize: 128 * 1024,
  });
  const seen = JSON.parse(body.toString()) as { cookie: string; many: string; names: string[] };
  expect(seen.cookie).toBe(cookies.join('; '));
  expect(seen.many).toBe('1, 2');
  expect(seen.names.filter((name) => name === 'x-in')).toHaveLength(2);
  expect(message.headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
  const rawNames = message.rawHeaders.filter((_value, index) => index % 2 === 0);
  expect(rawNames.filter((name) => name === 'x-many')).toHaveLength(2);
  expect(rawNames.filter((name) => name === 'link')).toHaveLength(2);
  expect(Buffer.from(String(message.headers['x-latin']), 'latin1').toString('utf8')).toBe('grüße');
  expect(message.headers['x-large']).toHaveLength(30_000);
});

test('connection-specific fields stay on their hop, in both directions, and crash nothing', async () => {
  const tunnel = await tunnelTo((request, response) => {
    response.writeHead(
      200,
      [
        ['connection', 'x-private, keep-alive'],
        ['x-private', '1'],
        ['keep-alive', 'timeout=9'],
        ['proxy-connection', 'keep-alive'],
        ['upgrade', 'h2c'],
        ['x-public', '1'],
        ['etag', '"a"'],
        ['etag', '"b"'],
        ['proxy-status', 'sallyport-agent; error=http_request_denied'],
      ].flat(),
    );
    response.end(JSON.stringify(request.headers));
  });
  const { text } = await raw(
    tunnel.port,
    [
      'GET http://elsewhere.example/path?q=1 HTTP/1.1',
      'Host: app.example',
      'Connection: close, X-Nominated',
      'X-Nominated: 1',
      'Keep-Alive: 300',
      'Proxy-Connection: close',
      'Proxy-Authorization: Basic x',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      'TE: trailers, deflate',
      'Forwarded: for=1.2.3.4;host=evil.example',
      'X-Forwarded-Host: evil.example',
      'Sallyport-Probe: token',
      'X-Kept: 1',
      '\r\n',
    ].join('\r\n'),
  );
  const seen = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, string>;
  expect(seen).toMatchObject({
    host: 'app.example',
    te: 'trailers',
    'x-kept': '1',
    forwarded: 'for="127.0.0.1";host="app.example";proto=http',
    'x-forwarded-host': 'app.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
  });
  for (const name of ['x-nominated', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'http2-settings']) {
    expect(seen).not.toHaveProperty(name);
  }
  expect(seen).not.toHaveProperty('sallyport-probe');
  expect(text).toContain('x-public: 1');
  expect(text).toContain('x-answered-by: origin');
  expect(text).not.toMatch(/x-private|timeout=9|h2c|sallyport-agent/);
  expect(text.match(/^etag:/gm)).toHaveLength(1);
  expect(tunnel.failures).toEqual([]);
});

test('answers HTTP/2 cannot carry become an honest 502 and crash nothing', async () => {
  const bad = [
    'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n',
    'not http at all\r\n\r\n',
    'HTTP/1.1 101 Switch\r\n\r\n',
    '',
  ];
  let index = 0;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bad[index] ?? ''));
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  for (; index < bad.length; index += 1) {
    const { message } = await ask(tunnel.port);
    expect(message.statusCode).toBe(502);
    expect(message.headers['proxy-status']).toMatch(/^sallyport-agent; error=.*; details="SP_ORIGIN_UNREACHABLE"$/);
    expect(message.headers['x-answered-by']).toBe('agent');
  }
});

test('a service that is not started gives 502 with a code the page can explain', async () => {
  const server = http.createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  const { message } = await ask(tunnel.port);
  expect(message.statusCode).toBe(502);
  expect(tunnel.failures).toEqual([
    {
      status: 502,
      code: 'SP_ORIGIN_REFUSED',
      proxyStatus: 'sallyport-agent; error=connection_refused; details="SP_ORIGIN_REFUSED"',
    },
  ]);
  await until(() => tunnel.outcomes.length === 1);
  expect(tunnel.outcomes).toEqual([{ answeredBy: 'agent', status: 502 }]);
});

test('a service whose name does not resolve gives 502 that says so', async () => {
  const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const tunnel = await startTunnel(cleanup, certificate, {
    backend: 'nowhere.invalid:3000',
    lookup: () => Promise.reject(unknown),
  });
  const { message } = await ask(tunnel.port);
  expect(message.statusCode).toBe(502);
  expect(message.headers['proxy-status']).toBe('sallyport-agent; error=dns_error; details="SP_ORIGIN_NAME_UNKNOWN"');
});

test('an https service with a certificate nobody vouches for is not talked to', async () => {
  let requests = 0;
  const server = https.createServer(certificate, (_request, response) => {
    requests += 1;
    response.end();
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const tunnel = await startTunnel(cleanup, certificate, {
    backend: { scheme: 'https', authority: `127.0.0.1:${port}` },
  });
  const { message } = await ask(tunnel.port);
  expect(message.statusCode).toBe(502);
  expect(message.headers['proxy-status']).toContain('error=tls_certificate_error');
  expect(requests).toBe(0);
});

test('a request on a connection the service has just closed is repeated, and a POST is not', async () => {
  let connections = 0;
  const seen: string[] = [];
  const server = net.createServer((socket) => {
    connections += 1;
    const number = connections;
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      requests += 1;
      seen.push(`${data.toString().split(' ')[0] ?? ''} ${number}.${requests}`);
      // Every second request of a connection meets a closing service.
      if (requests === 2) socket.resetAndDestroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const port = await listen(server);
  cleanup.add(() => server.close());
  const tunnel = await startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
  expect((await ask(tunnel.port)).message.statusCode).toBe(200);
  expect((await ask(tunnel.port)).message.statusCode).toBe(200);
  expect((await ask(tunnel.port, { method: 'POST' })).message.statusCode).toBe(502);
  expect(seen).toEqual(['GET 1.1', 'GET 1.2', 'GET 2.1', 'POST 2.2']);
});

test('1,000 requests at once are all answered', async () => {
  let open = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const tunnel = await tunnelTo((request, response) => {
    open += 1;
    most = Math.max(most, open);
    waiting.push(() => response.end(request.url));
    if (waiting.length === 1000) for (const answer of waiting) answer();
  });
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async (_unused, index) =>
      (await ask(tunnel.port, { path: `/${index}` })).body.toString(),
    ),
  );
  expect(answers).toEqual(Array.from({ length: 1000 }, (_unused, index) => `/${index}`));
  expect(most).toBe(1000);
  expect(tunnel.engine.totals().requests).toBe(1000);
  await until(() => tunnel.engine.totals().activeStreams === 0);
});

test('a target given as localhost is found on IPv4 and on IPv6', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const port = await startService(cleanup, (_request, response) => response.end(host), { host });
    const tunnel = await startTunnel(cleanup, certificate, { backend: `localhost:${port}` });
    expect((await ask(tunnel.port)).body.toString()).toBe(host);
  }
});

test('what the platform asks by itself is no traffic, and a visitor cannot pass for it', async () => {
  const seen: string[][] = [];
  const tunnel = await tunnelTo((request, response) => {
    seen.push(Object.keys(request.headers).filter((name) => name.startsWith('sallyport')));
    response.end('12345');
  });
  const { body } = await ask(tunnel.port, { headers: { 'sallyport-probe': 'the token' } });
  expect(body.toString()).toBe('12345');
  expect(tunnel.engine.totals()).toEqual({ requests: 0, bytesIn: 0, bytesOut: 0, activeStreams: 0 });

  await ask(tunnel.port, { headers: { 'sallyport-probe-mark': '', 'sallyport-probe': 'a guess' } });
  await until(() => tunnel.engine.totals().activeStreams === 0);
  expect(tunnel.engine.totals()).toEqual({ requests: 1, bytesIn: 0, bytesOut: 5, activeStreams: 0 });
  expect(seen).toEqual([[], []]);
});
