/**
 * Visitors as they are: old, impatient, gone before the end; and services that answer, refuse or break off when they like.
 */
import { once } from 'node:events';

import { expect, test } from '@playwright/test';

import { startAwkwardOrigin, type AwkwardOrigin } from '../origins/awkward-origin.ts';
import { createPublisher, type Published, type Publisher } from '../processes/published.ts';
import { openRequest, responseOf, visit } from '../visitor/http-visitor.ts';
import { connectRaw } from '../visitor/raw-visitor.ts';

let publisher: Publisher;
let origin: AwkwardOrigin;
let site: Published;

test.beforeAll(async () => {
  publisher = await createPublisher();
  origin = await startAwkwardOrigin();
  site = await publisher.publish(origin.port, 'awkward');
});

test.afterAll(async () => {
  await publisher.close();
  await origin.close();
});

test('an HTTP/1.0 client gets a body that ends with the connection', async () => {
  const visitor = connectRaw(site.port);
  visitor.send(`GET /old HTTP/1.0\r\nHost: ${site.host}\r\n\r\n`);
  expect(await visitor.ended).toBe('whole');
  const [head = '', body] = visitor.received().split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.[01] 200 /);
  expect(head).toMatch(/\r\nconnection: close/i);
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(body).toBe('you asked for /old by GET');
});

test('an HTTP/1.0 client that names no host is told so', async () => {
  const visitor = connectRaw(site.port);
  visitor.send('GET / HTTP/1.0\r\n\r\n');
  expect(await visitor.ended).toBe('whole');
  expect(visitor.received()).toMatch(/^HTTP\/1\.[01] 400 [^]*Send exactly one Host header/);
});

test('an HTTP/1.0 client sees that an answer broke off', async () => {
  const visitor = connectRaw(site.port);
  visitor.send(`GET /half-chunked HTTP/1.0\r\nHost: ${site.host}\r\n\r\n`);
  await visitor.expect(/\r\n\r\n[^]/);
  origin.breakOff();
  expect(await visitor.ended).toBe('broken');
});

test('pipelined requests are answered in order, on one connection', async () => {
  const visitor = connectRaw(site.port);
  const paths = Array.from({ length: 20 }, (_, index) => `/page-${index}`);
  visitor.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`).join(''));
  await visitor.expect(/page-19 [^]*by GET\r\n0\r\n\r\n$/);
  const asked = [...visitor.received().matchAll(/you asked for (\S+)/g)].map(([, path]) => path);
  expect(asked).toEqual(paths);
  visitor.socket.destroy();
});

test('a request behind an upload in the pipeline waits for it and is answered', async () => {
  const visitor = connectRaw(site.port);
  visitor.send(
    `POST /first HTTP/1.1\r\nHost: ${site.host}\r\nContent-Length: 5\r\n\r\nhello` +
      `GET /second HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`,
  );
  await visitor.expect(/first [^]*by POST[^]*second [^]*by GET/);
  visitor.socket.destroy();
});

test('Expect: 100-continue is the service’s to grant', async () => {
  const visitor = connectRaw(site.port);
  visitor.send(`POST /granted HTTP/1.1\r\nHost: ${site.host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  await visitor.expect(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  visitor.send('hello');
  await visitor.expect(/HTTP\/1\.1 200 OK[^]*granted [^]*by POST/);
  visitor.socket.destroy();
});

test('Expect: 100-continue is the service’s to refuse, and nothing of the body travels', async () => {
  const before = origin.bytesRead();
  const visitor = connectRaw(site.port);
  visitor.send(
    `POST /too-large HTTP/1.1\r\nHost: ${site.host}\r\nExpect: 100-continue\r\nContent-Length: 50000000\r\n\r\n`,
  );
  await visitor.expect(/^HTTP\/1\.1 413 [^]*too large/);
  expect(visitor.received()).not.toContain('100 Continue');
  expect(origin.bytesRead()).toBe(before);
  visitor.socket.destroy();
});

test('an answer that comes before the upload is through reaches the visitor', async () => {
  const request = openRequest(`${site.url}/early`, { method: 'POST' });
  const response = responseOf(request);
  const block = Buffer.alloc(1 << 16);
  request.write(block);
  // The visitor goes on sending as long as it likes.
  const sending = setInterval(() => request.write(block), 5);
  const { statusCode, headers } = await response;
  expect(statusCode).toBe(401);
  expect(headers['www-authenticate']).toBe('Basic');
  const body: string[] = [];
  for await (const part of (await response).setEncoding('utf8')) body.push(String(part));
  expect(body.join('')).toBe('who are you');
  clearInterval(sending);
  request.destroy();
  expect((await visit(`${site.url}/after`)).body).toBe('you asked for /after by GET');
});

test.describe('whoever leaves, the other side learns it', () => {
  test('a visitor in the middle of a download', async () => {
    const request = openRequest(`${site.url}/endless`);
    request.end();
    const response = await responseOf(request);
    await once(response, 'data');
    expect(origin.open()).toBe(1);
    request.destroy();
    await expect.poll(origin.open).toBe(0);
  });

  test('a visitor in the middle of an upload', async () => {
    const broken = origin.brokenUploads();
    const request = openRequest(`${site.url}/swallow`, { method: 'POST', headers: { 'content-length': '1000000' } });
    request.on('error', () => {});
    request.write(Buffer.alloc(1000));
    await expect.poll(origin.open).toBe(1);
    request.destroy();
    await expect.poll(origin.open).toBe(0);
    expect(origin.brokenUploads()).toBe(broken + 1);
  });

  for (const path of ['/half', '/half-chunked']) {
    test(`a service in the middle of an answer (${path})`, async () => {
      const request = openRequest(`${site.url}${path}`);
      request.end();
      const response = await responseOf(request);
      expect(response.statusCode).toBe(200);
      await once(response, 'data');
      origin.breakOff();
      response.resume();
      await expect(once(response, 'end')).rejects.toThrow('aborted');
      expect(response.complete).toBe(false);
    });
  }

  test('a service in the middle of an upload', async () => {
    const request = openRequest(`${site.url}/hang-up`, { method: 'POST' });
    request.write('something');
    const response = await responseOf(request);
    expect(response.statusCode).toBe(502);
    expect(response.headers['proxy-status']).toMatch(/^sallyport-agent; error=connection_terminated/);
    request.destroy();
  });
});

test.describe('a service knows its public name', () => {
  test('from the Host, so that absolute redirects and links lead back through the edge', async () => {
    const first = await visit(`${site.url}/redirect`);
    expect(first.status).toBe(302);
    expect(first.headers.location).toBe(`${site.url}/landing`);
    const landed = await visit(first.headers.location ?? '');
    expect(landed.headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; Path=/; HttpOnly']);
    const [, link = ''] = /href="([^"]+)"/.exec(landed.body) ?? [];
    expect(link).toBe(`${site.url}/deep/link?x=1#y`);
    expect((await visit(link)).body).toBe('you asked for /deep/link?x=1 by GET');
  });

  test('and its other redirects stay as they are', async () => {
    expect((await visit(`${site.url}/redirect-relative`)).headers.location).toBe('/landing');
    expect((await visit(`${site.url}/redirect-elsewhere`)).headers.location).toBe('https://example.com/there?x=1');
  });
});
