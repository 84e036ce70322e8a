/**
 * Brings a backend's HTTP/1.1 answer onto a tunnel stream as it comes. What the backend breaks off is reset, never ended.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { toHttp2Fields, trailerFields } from '../headers/fields.ts';
import { impersonatesAgent } from '../headers/proxy-status.ts';
import { abortStream } from '../transport/h2.ts';
import type { Counters } from './counters.ts';
import { badAnswer, respondFailure } from './failure.ts';

const noContent = 204;
const notModified = 304;

/** Passes 100, 102 and 103 on; 101 belongs to the upgrade. */
export function relayInformational(request: ClientRequest, stream: ServerHttp2Stream): void {
  request.on('information', ({ statusCode, rawHeaders }) => {
    if (statusCode === 101 || stream.destroyed || stream.headersSent) return;
    try {
      stream.additionalHeaders({ ...toHttp2Fields(rawHeaders), ':status': statusCode });
    } catch {
      // Not expressible in HTTP/2: an interim answer may always be left out (RFC 9110 §15.2).
    }
  });
}

/** Answers on `stream`; `extra` replaces fields of the backend. */
export function relayOriginAnswer(
  answer: IncomingMessage,
  request: ClientRequest,
  stream: ServerHttp2Stream,
  counters: Counters,
  extra?: OutgoingHttpHeaders,
): void {
  if (stream.destroyed || stream.closed) {
    request.destroy();
    return;
  }
  const status = answer.statusCode ?? 0;
  const bodyless = request.method === 'HEAD' || status === noContent || status === notModified;
  const chunked = !bodyless && answer.headers['transfer-encoding'] !== undefined;
  const fields = toHttp2Fields(answer.rawHeaders, (name) => status === noContent && name === 'content-length');
  // SECURITY: a backend must not pass its answers off as the agent's own.
  if (impersonatesAgent(fields['proxy-status'])) delete fields['proxy-status'];
  try {
    stream.respond({ ...fields, ...extra, ':status': status }, { endStream: bodyless, waitForTrailers: chunked });
  } catch {
    request.destroy();
    respondFailure(stream, badAnswer);
    return;
  }
  if (bodyless) {
    answer.resume();
    return;
  }
  if (chunked) {
    stream.once('wantTrailers', () => {
      try {
        stream.sendTrailers(trailerFields(answer.rawTrailers));
      } catch {
        abortStream(stream);
      }
    });
  }
  answer.pipe(stream, { end: false });
  answer.on('data', (chunk: Buffer) => counters.bytesOut(chunk.length));
  answer.once('error', () => {});
  answer.once('close', () => {
    // `complete` is the parser's word that length or chunks were satisfied.
    if (answer.complete && answer.readableEnded) stream.end();
    else abortStream(stream);
  });
}
