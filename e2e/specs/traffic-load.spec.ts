/**
 * A lot at once: a gigabyte, a thousand WebSockets, fifty visitors, models that talk to many.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@playwright/test';
import { WebSocket } from 'ws';

import { downloadDigest, startHttpOrigin, type HttpOrigin } from '../origins/http-origin.ts';
import { startTokenOrigin, tokenOf, type TokenOrigin } from '../origins/token-origin.ts';
import { residentMegabytes } from '../processes/memory.ts';
import { createPublisher, type Published, type Publisher } from '../processes/published.ts';
import { digestOf, openRequest, responseOf } from '../visitor/http-visitor.ts';

const tokens = 100;

let publisher: Publisher;
let origin: HttpOrigin;
let model: TokenOrigin;
let site: Published;
let chat: Published;

test.beforeAll(async () => {
  publisher = await createPublisher();
  [origin, model] = await Promise.all([startHttpOrigin(), startTokenOrigin(tokens)]);
  site = await publisher.publish(origin.port, 'load');
  chat = await publisher.publish(model.port, 'model');
});

test.afterAll(async () => {
  await publisher.close();
  await Promise.all([origin.close(), model.close()]);
});

/** Memory of all of Sallyport's processes, sampled while `work` runs; 0 where it cannot be read. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  if (process.platform !== 'linux') {
    await work();
    return 0;
  }
  const before = await residentMegabytes(site.serve.pid);
  let most = before;
  const done = new AbortController();
  const sampling = (async () => {
    while (!done.signal.aborted) {
      most = Math.max(most, await residentMegabytes(site.serve.pid));
      await sleep(100);
    }
  })();
  try {
    await work();
  } finally {
    done.abort();
    await sampling;
  }
  return most - before;
}

test('1 GB up arrives whole, and is nowhere kept', async () => {
  const uploadBytes = 2 ** 30;
  const block = randomBytes(1 << 20);
  const expected = createHash('sha256');
  const blocks = function* (): Generator<Buffer> {
    for (let sent = 0; sent < uploadBytes; sent += block.length) {
      expected.update(block);
      yield block;
    }
  };
  const growth = await growthDuring(async () => {
    const request = openRequest(`${site.url}/upload`, { method: 'POST' });
    const [response] = await Promise.all([responseOf(request, 90_000), pipeline(Readable.from(blocks()), request)]);
    let body = '';
    for await (const part of response.setEncoding('utf8')) body += String(part);
    expect(JSON.parse(body)).toEqual({ length: uploadBytes, sha256: expected.digest('hex') });
  });
  expect(growth, 'megabytes, all processes together').toBeLessThan(300);
});

test('1000 WebSockets stay open without a word, and each still hears and is heard', async () => {
  const count = 1000;
  const sockets: WebSocket[] = [];
  const { host, port } = site;
  const growth = await growthDuring(async () => {
    // A few at a time, as visitors come.
    for (let opened = 0; opened < count; opened += 50) {
      const batch = Array.from(
        { length: 50 },
        () => new WebSocket(`ws://127.0.0.1:${port}/echo`, { headers: { host } }),
      );
      await Promise.all(batch.map((socket) => once(socket, 'open')));
      sockets.push(...batch);
    }
  });
  expect(growth, 'megabytes, all processes together').toBeLessThan(250);

  // Others notice nothing of them.
  const request = openRequest(`${site.url}/headers`);
  request.end();
  const response = await responseOf(request);
  response.resume();
  expect(response.statusCode).toBe(200);

  const answers = await Promise.all(
    sockets.map(async (socket, index) => {
      const answer = once(socket, 'message');
      socket.send(`I am ${index}`);
      return String((await answer)[0]);
    }),
  );
  expect(answers).toEqual(sockets.map((_, index) => `I am ${index}`));

  expect(origin.openWebSockets()).toBe(count);
  for (const socket of sockets) socket.terminate();
  await expect.poll(origin.openWebSockets, 'the service learns that they left').toBe(0);
});

test('50 visitors at once get all of what they ask for, each their own', async () => {
  const assets = [10, 1000, 100_000, 1_000_000];
  const visitor = async (number: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 6 });
    try {
      await Promise.all(
        [...assets, ...assets].map(async (bytes) => {
          const request = openRequest(`${site.url}/download?bytes=${bytes}`, { agent });
          request.end();
          expect(await digestOf(await responseOf(request, 30_000))).toEqual({
            length: bytes,
            sha256: downloadDigest(bytes),
          });
        }),
      );
      const own = randomBytes(10_000 + number);
      const request = openRequest(`${site.url}/upload`, { agent, method: 'POST' });
      request.end(own);
      const body = await text(await responseOf(request, 30_000));
      expect(JSON.parse(body)).toEqual({ length: own.length, sha256: createHash('sha256').update(own).digest('hex') });
    } finally {
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, number) => visitor(number)));
});

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const part of response.setEncoding('utf8')) all += String(part);
  return all;
}

/** Asks the model; the answer's events are still to come. */
async function prompt(words: string): Promise<{ readonly events: AsyncGenerator<string>; readonly leave: () => void }> {
  const request = openRequest(`${chat.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  request.end(JSON.stringify({ stream: true, messages: [{ role: 'user', content: words }] }));
  const response = await responseOf(request);
  expect(response.headers['content-type']).toBe('text/event-stream');
  const events = async function* (): AsyncGenerator<string> {
    let rest = '';
    for await (const part of response.setEncoding('utf8')) {
      const parts = (rest + String(part)).split('\n\n');
      rest = parts.pop() ?? '';
      yield* parts.map((event) => event.replace('data: ', ''));
    }
  };
  return { events: events(), leave: () => request.destroy() };
}

test('a model’s tokens arrive one by one while it is still thinking, for twenty people at once', async () => {
  const person = async (name: string): Promise<void> => {
    const { events } = await prompt(name);
    const heard: string[] = [];
    let mostBehind = 0;
    for await (const event of events) {
      if (event === '[DONE]') break;
      const { choices } = JSON.parse(event) as { choices: [{ delta: { content: string } }] };
      heard.push(choices[0].delta.content);
      mostBehind = Math.max(mostBehind, model.sent(name) - heard.length);
    }
    expect(heard).toEqual(Array.from({ length: tokens }, (_, index) => tokenOf(name, index)));
    // Not gathered anywhere: whoever waits for the end hears nothing until all of them were sent.
    expect(mostBehind).toBeLessThan(tokens / 2);
  };
  await Promise.all(Array.from({ length: 20 }, (_, index) => person(`person${index}`)));
  expect(model.generating()).toBe(0);
});

test('a model stops thinking when nobody listens any more', async () => {
  const { events, leave } = await prompt('leaver');
  await events.next();
  leave();
  await expect.poll(model.generating).toBe(0);
  expect(model.sent('leaver')).toBeLessThan(tokens);
});
