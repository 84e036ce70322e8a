/**
 * Serves CONNECT host:port (RFC 9113 §8.5): raw TCP to an admitted target, half-close included.
 */
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import { bridge } from '../transport/bridge.ts';
import type { HostPort } from './address.ts';
import { failureOf, respondFailure } from './failure.ts';
import type { Origins } from './tunnel-request.ts';

/** `target` was checked against the allow list. */
export async function serveTcp(
  stream: ServerHttp2Stream,
  target: HostPort,
  { dialler, counters }: Origins,
): Promise<void> {
  let socket: Socket;
  try {
    socket = await dialler.tcp(target, { allowHalfOpen: true });
  } catch (error) {
    respondFailure(stream, failureOf(error));
    return;
  }
  // The visitor may have left, or the target been withdrawn, while it was dialled.
  if (stream.destroyed || stream.closed) {
    socket.destroy();
    return;
  }
  stream.respond({ ':status': 200 });
  bridge(stream, socket, Buffer.alloc(0), { fromStream: counters.bytesIn, fromSocket: counters.bytesOut });
}
