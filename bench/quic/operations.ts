/**
 * What is measured, from the client's side of one link.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { quantile } from '../load.ts';
import { askBytes, asks, processorMs, type ServiceReport } from './service.ts';
import type { Link, Stream } from './transport.ts';

export type Sizes = { readonly bytes: number; readonly pings: number; readonly requests: number };
export type Figures = Readonly<Record<string, number>>;

const MB = 1e6;
const parallelStreams = 8;
const pieceBytes = 64 * 1024;
const requestsAtOnce = 32;
const requestBytes = 200;
const answerBytes = 1_000;
const pacedPerSecond = 2_000;
const datagramCount = 5_000;
const datagramBytes = 1_100;
const unreadBytes = 512 * MB;

async function ask(link: Link, what: number, bytes: number): Promise<Stream> {
  const stream = await link.openStream();
  const request = Buffer.alloc(askBytes);
  request.writeUInt32BE(what, 0);
  request.writeBigUInt64BE(BigInt(bytes), 8);
  stream.writable.write(request);
  return stream;
}

async function report(link: Link): Promise<ServiceReport> {
  const { readable, writable } = await ask(link, asks.report, 0);
  writable.end();
  return JSON.parse((await buffer(readable)).toString()) as ServiceReport;
}

async function upload(link: Link, bytes: number): Promise<void> {
  const { readable, writable } = await ask(link, asks.sink, 0);
  const piece = Buffer.alloc(pieceBytes, 'sallyport');
  const answered = buffer(readable);
  for (let left = bytes; left > 0; left -= pieceBytes) {
    if (!writable.write(left >= pieceBytes ? piece : piece.subarray(0, left))) await once(writable, 'drain');
  }
  writable.end();
  if ((await answered).toString() !== 'ok') throw new Error('the upload did not arrive');
}

async function download(link: Link, bytes: number): Promise<void> {
  const { readable, writable } = await ask(link, asks.source, bytes);
  writable.end();
  let received = 0;
  readable.on('data', (chunk: Buffer) => (received += chunk.length));
  await once(readable, 'end');
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
}

/** What one stream brings in so long, from the first byte on. */
export async function receiveFor(link: Link, ms: number): Promise<{ readonly bytes: number; readonly ms: number }> {
  const { readable, writable } = await ask(link, asks.source, Number.MAX_SAFE_INTEGER);
  writable.end();
  await once(readable, 'readable');
  const startedAt = performance.now();
  let bytes = 0;
  readable.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await delay(ms);
  return { bytes, ms: performance.now() - startedAt };
}

/** Megabytes per second, and the processor time both processes spent on a megabyte. */
async function bulk(
  link: Link,
  bytes: number,
  streams: number,
  transfer: (link: Link, bytes: number) => Promise<void>,
): Promise<Figures> {
  const before = { service: await report(link), own: processorMs(), at: performance.now() };
  const each = Math.floor(bytes / streams);
  await Promise.all(Array.from({ length: streams }, () => transfer(link, each)));
  const seconds = (performance.now() - before.at) / 1e3;
  const own = processorMs() - before.own;
  const service = (await report(link)).processorMs - before.service.processorMs;
  const megabytes = (each * streams) / MB;
  return { megabytesPerSecond: megabytes / seconds, processorMsPerMegabyte: (own + service) / megabytes };
}

function summary(times: readonly number[]): Figures {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

async function ping(link: Link, { pings }: Sizes): Promise<Figures> {
  const { readable, writable } = await ask(link, asks.echo, 0);
  const message = Buffer.alloc(64);
  const times: number[] = [];
  const warmUp = Math.ceil(pings / 10);
  for (let count = 0; count < pings + warmUp; count += 1) {
    const startedAt = performance.now();
    let left = message.length;
    const back = new Promise<void>((resolve) => {
      const take = (chunk: Buffer): void => {
        left -= chunk.length;
        if (left > 0) return;
        readable.off('data', take);
        resolve();
      };
      readable.on('data', take);
    });
    writable.write(message);
    await back;
    if (count >= warmUp) times.push(performance.now() - startedAt);
  }
  writable.end();
  readable.resume();
  return summary(times);
}

async function request(link: Link): Promise<number> {
  const startedAt = performance.now();
  const { readable, writable } = await ask(link, asks.source, answerBytes);
  writable.end(Buffer.alloc(requestBytes - askBytes));
  if ((await buffer(readable)).length !== answerBytes) throw new Error('a short answer');
  return performance.now() - startedAt;
}

/** As many as go, `requestsAtOnce` at a time, each on a stream of its own. */
async function requests(link: Link, sizes: Sizes): Promise<Figures> {
  let left = sizes.requests;
  const times: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: requestsAtOnce }, async () => {
      while (left > 0) {
        left -= 1;
        times.push(await request(link));
      }
    }),
  );
  return { perSecond: sizes.requests / ((performance.now() - startedAt) / 1e3), ...summary(times) };
}

/** Two thousand a second whatever happens, for two seconds: what a visitor waits at that load. */
async function pacedRequests(link: Link): Promise<Figures> {
  const total = pacedPerSecond * 2;
  const running: Promise<number>[] = [];
  const startedAt = performance.now();
  while (running.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1e3) * pacedPerSecond));
    while (running.length < due) running.push(request(link));
    await delay(1);
  }
  const times = await Promise.all(running);
  return { perSecond: total / ((performance.now() - startedAt) / 1e3), ...summary(times) };
}

/** All at once; counts what comes back. */
async function datagrams(link: Link): Promise<Figures> {
  const channel = link.datagrams;
  if (channel === null) return {};
  let returned = 0;
  channel.receive(() => (returned += 1));
  for (let count = 0; count < datagramCount; count += 1) channel.send(Buffer.alloc(datagramBytes, count));
  for (let seen = -1; seen !== returned;) {
    seen = returned;
    await delay(500);
  }
  return { sent: datagramCount, returned };
}

/** What both processes hold of a body whose reader took the first bytes and no more. */
async function unread(link: Link): Promise<Figures> {
  const before = { service: await report(link), own: process.memoryUsage.rss() };
  const { readable, writable } = await ask(link, asks.source, unreadBytes);
  writable.end();
  await once(readable, 'readable');
  let last = -1;
  let current = await report(link);
  while (current.sourced !== last) {
    last = current.sourced;
    await delay(500);
    current = await report(link);
  }
  const figures = {
    sentMegabytes: (current.sourced - before.service.sourced) / MB,
    clientGrewMegabytes: (process.memoryUsage.rss() - before.own) / MB,
    serviceGrewMegabytes: (current.residentBytes - before.service.residentBytes) / MB,
  };
  readable.destroy();
  return figures;
}

export const operations: Readonly<Record<string, (link: Link, sizes: Sizes) => Promise<Figures>>> = {
  ping,
  'bulk-up': (link, { bytes }) => bulk(link, bytes, 1, upload),
  'bulk-down': (link, { bytes }) => bulk(link, bytes, 1, download),
  'bulk-up-8': (link, { bytes }) => bulk(link, bytes, parallelStreams, upload),
  'bulk-down-8': (link, { bytes }) => bulk(link, bytes, parallelStreams, download),
  requests,
  'paced-requests': pacedRequests,
  datagrams,
  unread,
};
