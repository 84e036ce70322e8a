/**
 * What visitors and services exchange through the whole chain: visitor → edge → tunnel → engine → service.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import { expect, test } from '@playwright/test';
import { WebSocket } from 'ws';

import { downloadDigest, startHttpOrigin, type HttpOrigin } from '../origins/http-origin.ts';
import type { Child } from '../processes/child.ts';
import { residentMegabytes } from '../processes/memory.ts';
import { makeHome, runSallyport, startSallyport, type Serving } from '../processes/sallyport.ts';
import { digestOf, openRequest, responseOf, visit } from '../visitor/http-visitor.ts';

const bulkBytes = 200 * 1024 * 1024;

let home: Awaited<ReturnType<typeof makeHome>>;
let origin: HttpOrigin;
let serve: Child;
let url: string;

test.beforeAll(async () => {
  home = await makeHome();
  origin = await startHttpOrigin();
  serve = startSallyport(home.path, ['serve', String(origin.port), '--name', 'traffic', '--json']);
  ({ url } = await serve.event<Serving>('serving'));
  url = url.replace(/\/$/, '');
});

test.afterAll(async () => {
  expect(await serve.end('SIGINT')).toBe(0);
  await origin.close();
  await home.remove();
});

test('server-sent events arrive one by one, each before the next is sent', async () => {
  const request = openRequest(`${url}/events`);
  request.end();
  const response = await responseOf(request);
  expect(response.headers['content-type']).toBe('text/event-stream');
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
  for (const text of ['first', 'second', 'third']) {
    origin.sendEvent(text);
    const { value } = await chunks.next();
    expect(value).toBe(`data: ${text}\n\n`);
  }
  request.destroy();
  await expect.poll(() => origin.openEventStreams(), 'the service learns that the visitor left').toBe(0);
});

test('200 MB down arrive whole', async () => {
  const request = openRequest(`${url}/download?bytes=${bulkBytes}`);
  request.end();
  const response = await responseOf(request);
  expect(response.headers['content-length']).toBe(String(bulkBytes));
  expect(await digestOf(response)).toEqual({ length: bulkBytes, sha256: downloadDigest(bulkBytes) });
});

test('a slow reader stops the service from sending, and no process grows', async () => {
  test.skip(process.platform !== 'linux', 'reads memory from /proc');
  const request = openRequest(`${url}/endless`);
  request.end();
  const response = await responseOf(request);
  response.pause();
  // The service is stopped by the windows and socket buffers between it and the visitor, and stays stopped.
  let before = -1;
  await expect
    .poll(
      () => {
        const stopped = origin.endlessBytes() === before;
        before = origin.endlessBytes();
        return stopped;
      },
      { intervals: [500] },
    )
    .toBe(true);
  expect(before).toBeLessThan(64 * 1024 * 1024);
  const memory = await residentMegabytes(serve.pid);

  // 300 MB that somebody else reads meanwhile show that the stalled one blocks nobody.
  const other = openRequest(`${url}/download?bytes=${300 * 1024 * 1024}`);
  other.end();
  expect((await digestOf(await responseOf(other))).length).toBe(300 * 1024 * 1024);
  expect(origin.endlessBytes()).toBe(before);
  expect((await residentMegabytes(serve.pid)) - memory).toBeLessThan(200);
  request.destroy();
});

test('WebSockets echo text and binary', async () => {
  const { host, port } = new URL(url);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { headers: { host } });
  await once(socket, 'open');
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe('hello');
  const block = randomBytes(1 << 20);
  socket.send(block);
  expect(block.equals((await once(socket, 'message'))[0] as Buffer)).toBe(true);
  socket.close(4001, 'done');
  expect((await once(socket, 'close'))[0]).toBe(4001);
});

test('trailers pass, and the service sees the visitor’s host', async () => {
  const request = openRequest(`${url}/trailers`);
  request.end();
  const response = await responseOf(request);
  response.resume();
  await once(response, 'end');
  expect(response.trailers).toEqual({ 'x-checksum': '42' });
  const { body } = await visit(`${url}/headers`, { 'sallyport-probe': 'guess' });
  const headers = JSON.parse(body);
  expect(headers.host).toBe(new URL(url).host);
  expect(headers.forwarded).toContain(`host="${new URL(url).host}"`);
  expect(headers).not.toHaveProperty('sallyport-probe');
});

test('a host nobody published is answered 421', async () => {
  const { port } = new URL(url);
  expect((await visit(`http://unknown.localhost:${port}/`)).status).toBe(421);
});

test('the engine is killed under load and comes back; the service is reachable again by itself', async () => {
  const state = await runSallyport(home.path, ['status', '--json']);
  const { engine } = JSON.parse(state.stdout) as { engine: { pid: number } };
  process.kill(engine.pid, 'SIGKILL');
  await expect
    .poll(async () => (await visit(`${url}/`).catch(() => ({ status: 0 }))).status, { timeout: 20_000 })
    .toBe(200);
  const after = await runSallyport(home.path, ['status', '--json']);
  expect(JSON.parse(after.stdout).engine.pid).not.toBe(engine.pid);
});
