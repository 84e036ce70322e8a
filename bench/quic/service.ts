/**
 * The service of the comparison: what a stream's first 16 bytes ask for, over whatever carries the stream.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Stream, Visitors } from './transport.ts';

/** The first four bytes of a stream; the next four are nought and the last eight a number of bytes. */
export const asks = { sink: 1, source: 2, echo: 3, report: 4 } as const;
export const askBytes = 16;
const pieceBytes = 64 * 1024;

/** What the service says of its own process. */
export type ServiceReport = {
  /** Handed to the transport by all sources so far. */
  readonly sourced: number;
  readonly processorMs: number;
  readonly residentBytes: number;
};

export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

export function createService(): Visitors {
  let sourced = 0;
  const piece = Buffer.alloc(pieceBytes, 'sallyport');

  function* source(bytes: number): Generator<Buffer> {
    for (let left = bytes; left > 0; left -= pieceBytes) {
      const chunk = left >= pieceBytes ? piece : piece.subarray(0, left);
      sourced += chunk.length;
      yield chunk;
    }
  }

  const serve = async ({ readable, writable }: Stream): Promise<void> => {
    const ask = await firstBytes(readable, askBytes);
    const bytes = Number(ask.readBigUInt64BE(8));
    switch (ask.readUInt32BE(0)) {
      case asks.sink:
        for await (const chunk of readable) void chunk;
        writable.end('ok');
        break;
      case asks.source:
        readable.resume();
        await pipeline(Readable.from(source(bytes), { highWaterMark: 1 }), writable);
        break;
      case asks.echo:
        await pipeline(readable, writable);
        break;
      default: {
        readable.resume();
        const report: ServiceReport = {
          sourced,
          processorMs: processorMs(),
          residentBytes: process.memoryUsage.rss(),
        };
        writable.end(JSON.stringify(report));
      }
    }
  };

  return {
    // A client that goes away in the middle is no failure of the service.
    onStream: (stream) => void serve(stream).catch(() => {}),
    onDatagrams: (datagrams) => datagrams.receive((datagram) => datagrams.send(datagram)),
  };
}

/** Reads exactly `count` bytes and leaves the rest. */
async function firstBytes(readable: Readable, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = readable.read(count) as Buffer | null;
    if (bytes !== null) return bytes;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        readable.off('readable', done).off('end', fail).off('error', fail);
        resolve();
      };
      const fail = (): void => reject(new Error('ended early'));
      readable.once('readable', done).once('end', fail).once('error', fail);
    });
  }
}
