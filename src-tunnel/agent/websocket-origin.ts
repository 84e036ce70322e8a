/**
 * Serves an extended CONNECT for WebSocket (RFC 8441) from a backend that speaks RFC 6455. Frames stay opaque.
 */
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { Socket } from 'node:net';

import { toHttp1Lines, toHttp2Fields } from '../headers/fields.ts';
import { upgradeDeclined } from '../headers/proxy-status.ts';
import { limits } from '../limits.ts';
import { bridge } from '../transport/bridge.ts';
import { badAnswer, failureOf, respondFailure } from './failure.ts';
import { relayOriginAnswer } from './origin-answer.ts';
import { hostFor, type Origins, type TunnelRequest } from './tunnel-request.ts';

/** RFC 6455 §1.3 */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const keyBytes = 16;

/** Fields that are the agent's own on this hop. */
const isOwn = (name: string): boolean => name === 'host' || name === 'sec-websocket-key' || name === 'content-length';

export async function serveWebSocket(request: TunnelRequest, origins: Origins): Promise<void> {
  const { stream, fields, target } = request;
  const { dialler, counters } = origins;
  let socket: Socket;
  try {
    socket = await (request.scheme === 'https' ? dialler.tls(target) : dialler.tcp(target, { allowHalfOpen: true }));
  } catch (error) {
    respondFailure(stream, failureOf(error));
    return;
  }
  // The visitor may have left, or the target been withdrawn, while it was dialled.
  if (stream.destroyed || stream.closed) {
    socket.destroy();
    return;
  }

  const key = randomBytes(keyBytes).toString('base64');
  const lines = [
    'Host',
    hostFor(request),
    'Upgrade',
    'websocket',
    'Connection',
    'Upgrade',
    'Sec-WebSocket-Key',
    key,
    ...toHttp1Lines(request.raw, isOwn),
  ];
  if (fields['sec-websocket-version'] === undefined) lines.push('Sec-WebSocket-Version', '13');
  const upstream = http.request({
    createConnection: () => socket,
    method: 'GET',
    path: fields[':path'] ?? '/',
    headers: lines,
    maxHeaderSize: limits.headerBytes,
  });
  const onStreamClose = (): void => {
    upstream.destroy();
  };
  stream.once('close', onStreamClose);
  upstream.on('error', (error) => respondFailure(stream, failureOf(error)));
  upstream.once('response', (answer) => {
    stream.resume();
    const status = answer.statusCode ?? 0;
    const accepted = status >= 200 && status < 300;
    relayOriginAnswer(
      answer,
      upstream,
      stream,
      counters,
      accepted ? { 'proxy-status': upgradeDeclined(status) } : undefined,
    );
  });
  upstream.once('upgrade', (answer, _socket, head) => {
    const expected = createHash('sha1').update(`${key}${acceptGuid}`).digest('base64');
    if (stream.destroyed || answer.headers['sec-websocket-accept'] !== expected) {
      socket.destroy();
      respondFailure(stream, badAnswer);
      return;
    }
    stream.off('close', onStreamClose);
    try {
      stream.respond({ ...toHttp2Fields(answer.rawHeaders, isAcceptField), ':status': 200 });
    } catch {
      socket.destroy();
      respondFailure(stream, badAnswer);
      return;
    }
    bridge(stream, socket, head, { fromStream: counters.bytesIn, fromSocket: counters.bytesOut });
  });
  upstream.end();
}

const isAcceptField = (name: string): boolean => name === 'sec-websocket-accept' || name === 'content-length';
