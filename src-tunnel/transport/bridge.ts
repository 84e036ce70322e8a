/**
 * Joins an HTTP/2 stream and a socket byte for byte: back-pressure, half-close and abrupt ends pass both ways.
 */
import type { Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import { batchWrites } from './batch.ts';
import { abortStream, endedCleanly } from './h2.ts';

/** Ends a connection so that its peer sees a break and not an end. */
export function breakSocket(socket: Socket): void {
  // A TLS socket cannot send RST; without close_notify its peer sees the break as well (RFC 8446 §6.1).
  // While a shutdown is under way libuv refuses a reset, and Node would leak the handle.
  const shuttingDown = socket.writableEnded && !socket.writableFinished;
  if ('encrypted' in socket || shuttingDown || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

export type ByteMeter = {
  readonly fromStream: (count: number) => void;
  readonly fromSocket: (count: number) => void;
};

/** Takes over both ends. `head` was read from the socket already. The socket must allow half-open connections. */
export function bridge(stream: Http2Stream, socket: Socket, head: Buffer, meter?: ByteMeter): void {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  if (head.length > 0) socket.unshift(head);
  socket.on('error', () => {});
  stream.on('error', () => {});

  socket.pipe(stream);
  batchWrites(stream, () => socket);
  stream.pipe(socket, { end: false });
  if (meter !== undefined) {
    socket.on('data', (chunk: Buffer) => meter.fromSocket(chunk.length));
    stream.on('data', (chunk: Buffer) => meter.fromStream(chunk.length));
  }
  stream.once('end', () => {
    if (endedCleanly(stream)) socket.end();
  });
  socket.once('close', (hadError) => {
    if (hadError || !socket.readableEnded) abortStream(stream);
  });
  stream.once('close', () => {
    if (endedCleanly(stream)) socket.destroySoon();
    else breakSocket(socket);
  });
}
