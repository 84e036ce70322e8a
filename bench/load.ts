/**
 * The visitor's side of the benchmark: bulk, latency and rate over HTTP, and bulk over plain TCP as the yardstick.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

/** Where a measured path is entered: the address to dial and the Host to send. */
export type Entrance = { readonly port: number; readonly host: string };

/** Nothing here may hang: the longest a single request may be silent. */
const silenceMs = 30_000;

async function get(entrance: Entrance, path: string, agent: Agent): Promise<IncomingMessage> {
  const request = httpRequest({
    host: '127.0.0.1',
    port: entrance.port,
    path,
    agent,
    headers: { host: entrance.host },
    timeout: silenceMs,
  });
  request.once('timeout', () => request.destroy(new Error('silent')));
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${entrance.host}${path} answered ${response.statusCode}`);
  return response;
}

async function drain(stream: NodeJS.ReadableStream): Promise<number> {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await once(stream, 'end');
  return bytes;
}

const megabytesPerSecond = (bytes: number, startedAt: number): number => bytes / 1e3 / (performance.now() - startedAt);

/** MB/s of one response body of `bytes`. */
export async function bulkDown(entrance: Entrance, bytes: number): Promise<number> {
  const agent = new Agent();
  const startedAt = performance.now();
  const received = await drain(await get(entrance, `/down?bytes=${bytes}`, agent));
  agent.destroy();
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
  return megabytesPerSecond(bytes, startedAt);
}

/** MB/s of one request body of `bytes`. */
export async function bulkUp(entrance: Entrance, bytes: number): Promise<number> {
  const block = Buffer.alloc(1 << 20, 'sallyport');
  const startedAt = performance.now();
  const request = httpRequest({
    host: '127.0.0.1',
    port: entrance.port,
    path: '/up',
    method: 'POST',
    headers: { host: entrance.host, 'content-length': bytes },
    timeout: silenceMs,
  });
  const answered = once(request, 'response');
  for (let sent = 0; sent < bytes; sent += block.length) {
    if (!request.write(block.subarray(0, Math.min(block.length, bytes - sent)))) await once(request, 'drain');
  }
  request.end();
  const [response] = (await answered) as [IncomingMessage];
  await drain(response);
  return megabytesPerSecond(bytes, startedAt);
}

/** MB/s of plain TCP from the origin: what this machine can do without HTTP or TLS. */
export async function tcpDown(port: number, bytes: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const startedAt = performance.now();
  socket.write(`${bytes}\n`);
  const received = await drain(socket);
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes arrived`);
  return megabytesPerSecond(bytes, startedAt);
}

/** Milliseconds of each of `count` requests, one after the other on one connection. */
export async function latencies(entrance: Entrance, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const warmUp = Math.ceil(count / 10);
  for (let i = 0; i < count + warmUp; i += 1) {
    const startedAt = performance.now();
    await drain(await get(entrance, '/', agent));
    if (i >= warmUp) times.push(performance.now() - startedAt);
  }
  agent.destroy();
  return times;
}

/** Requests per second of `count` requests over `connections` connections (closed loop). */
export async function rate(entrance: Entrance, count: number, connections: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left > 0) {
        left -= 1;
        await drain(await get(entrance, '/', agent));
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1e3;
  agent.destroy();
  return count / seconds;
}

/** The value below which `share` of `values` lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
