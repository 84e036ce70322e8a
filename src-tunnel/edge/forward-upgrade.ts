/**
 * Takes one visitor's WebSocket handshake through the tunnel as an extended CONNECT (RFC 8441); frames stay opaque.
 *
 * The handshake key is answered here, the agent has one of its own with the backend; protocol and extensions are
 * negotiated end to end.
 */
import { createHash } from 'node:crypto';
import { ServerResponse } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { toHttp1Lines } from '../headers/fields.ts';
import { declinesUpgrade } from '../headers/proxy-status.ts';
import { bridge } from '../transport/bridge.ts';
import { answerFailure, relayAnswer, type ForwardOutcome } from './answer.ts';
import { forwardRequest, type ForwardOptions } from './forward-request.ts';
import { TunnelUnavailable } from './session.ts';
import { hasBody, visitOf, visitorFields } from './visitor-request.ts';

/** RFC 6455 §1.3 */
const acceptGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Handshake fields that each side has for itself. */
const handshakeFields = ['sec-websocket-key', 'sec-websocket-accept'] as const;

export type UpgradeOptions = Omit<ForwardOptions, 'response'> & { readonly socket: Duplex; readonly head: Buffer };

/** Resolves when the WebSocket is open (status 101) or was declined. Never rejects. */
export function forwardUpgrade(options: UpgradeOptions): Promise<ForwardOutcome> {
  const { request } = options;
  // An upgraded connection is a TCP or TLS socket; `Duplex` is only what the event's type says.
  const socket = options.socket as Socket;
  socket.on('error', () => {});
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  const answering: ForwardOptions = { ...options, response };

  if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
    // RFC 9110 §7.8: an offer that is not understood is ignored. A body behind it would be read as the new protocol.
    if (hasBody(request)) return Promise.resolve(answerFailure(answering, 501, 'http_request_error'));
    return forwardRequest(answering);
  }
  const key = request.headers['sec-websocket-key'];
  if (key === undefined || request.method !== 'GET') {
    return Promise.resolve(answerFailure(answering, 400, 'http_request_error'));
  }
  return new Promise((resolve) => {
    open(answering, { socket, head: options.head, key, refusalsLeft: 2 }, resolve);
  });
}

type Handshake = {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly key: string;
  readonly refusalsLeft: number;
};

function open(options: ForwardOptions, handshake: Handshake, resolve: (outcome: ForwardOutcome) => void): void {
  const { request, response } = options;
  const { socket, head, key } = handshake;
  const dropped = [...handshakeFields, ...(options.dropHeaders ?? [])];
  const fields = visitorFields(visitOf(request), options.backend, { dropped, probe: options.probe });
  let stream: ClientHttp2Stream;
  try {
    stream = options.session.request(
      { ...fields, ':method': 'CONNECT', ':protocol': 'websocket' },
      { endStream: false },
    );
  } catch (error) {
    const other = error instanceof TunnelUnavailable && handshake.refusalsLeft > 0 ? options.retry?.() : null;
    if (other) {
      open({ ...options, session: other }, { ...handshake, refusalsLeft: handshake.refusalsLeft - 1 }, resolve);
      return;
    }
    const unavailable = error instanceof TunnelUnavailable;
    resolve(
      answerFailure(options, unavailable ? 503 : 400, unavailable ? 'destination_unavailable' : 'http_request_error'),
    );
    return;
  }

  const accept = (status: number, answer: IncomingHttpHeaders, raw: readonly string[]): boolean => {
    if (status < 200 || status > 299 || declinesUpgrade(answer['proxy-status'])) {
      stream.end();
      return false;
    }
    response.detachSocket(socket);
    socket.write(switchingProtocols(key, toHttp1Lines(raw)), 'latin1');
    bridge(stream, socket, head);
    resolve({ answeredBy: 'origin', status: 101 });
    return true;
  };
  relayAnswer(stream, options, {
    accept,
    done: resolve,
    unanswered: () => resolve(answerFailure(options, 502, 'connection_terminated')),
  });
}

/** RFC 6455 §4.2.2 */
function switchingProtocols(key: string, lines: readonly string[]): string {
  const digest = createHash('sha1').update(`${key}${acceptGuid}`).digest('base64');
  let text = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${digest}\r\n`;
  for (let index = 0; index < lines.length; index += 2) text += `${lines[index] ?? ''}: ${lines[index + 1] ?? ''}\r\n`;
  return `${text}\r\n`;
}
