/**
 * Serves a tunnel request from an HTTP/1.1 backend, streaming both ways.
 */
import http, { type ClientRequest } from 'node:http';

import { toHttp1Lines, trailerPairs } from '../headers/fields.ts';
import { limits } from '../limits.ts';
import { batchWrites } from '../transport/batch.ts';
import { endedCleanly, onFields, rstCodes } from '../transport/h2.ts';
import { badRequest, failureOf, respondFailure } from './failure.ts';
import { isHttp2Answer, serveOverHttp2 } from './http2-origin.ts';
import { relayInformational, relayOriginAnswer } from './origin-answer.ts';
import { hostFor, type Origins, type TunnelRequest } from './tunnel-request.ts';

/** RFC 9110 §9.2.2 */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export function serveHttp(request: TunnelRequest, origins: Origins): void {
  const { stream, fields, withBody } = request;
  const method = fields[':method'] ?? 'GET';
  const lines = requestLines(request);
  // The backend's own limit on the body has not been reached by asking; only a request without one can be repeated.
  let retriesLeft = !withBody && idempotent.has(method) ? limits.staleRetries : 0;

  const send = (): void => {
    let upstream: ClientRequest;
    try {
      upstream = http.request({
        agent: origins.pools[request.scheme],
        host: request.target.host,
        port: request.target.port,
        method,
        path: fields[':path'] ?? '/',
        headers: lines,
        maxHeaderSize: limits.headerBytes,
      });
    } catch {
      respondFailure(stream, badRequest);
      return;
    }
    let answered = false;
    const onStreamClose = (): void => {
      upstream.destroy();
    };
    stream.once('close', onStreamClose);
    relayInformational(upstream, stream);
    upstream.once('response', (answer) => {
      answered = true;
      relayOriginAnswer(answer, upstream, stream, origins.counters);
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (answered) return;
      // RFC 9110 §9.2.2, RFC 9112 §9.3.1: the backend closed an idle connection just as it was used again.
      if (upstream.reusedSocket && retriesLeft > 0 && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
        retriesLeft -= 1;
        stream.off('close', onStreamClose);
        send();
        return;
      }
      if (isHttp2Answer(error) && !withBody && idempotent.has(method)) {
        stream.off('close', onStreamClose);
        serveOverHttp2(request, origins);
        return;
      }
      respondFailure(stream, failureOf(error));
    });
    if (withBody) sendBody(request, upstream, origins);
    else upstream.end();
  };
  send();
  if (!withBody) stream.resume();
}

/** Header lines for the backend, as HTTP/1.1. */
function requestLines(request: TunnelRequest): string[] {
  const lines = ['Host', hostFor(request), ...toHttp1Lines(request.raw, (name) => name === 'host')];
  const { fields } = request;
  if (request.withBody && fields['content-length'] === undefined) lines.push('Transfer-Encoding', 'chunked');
  // RFC 9110 §10.1.4: TE is for one hop, so the next hop is told anew.
  if (fields['te'] === 'trailers') lines.push('Connection', 'TE, keep-alive');
  return lines;
}

/** Streams the visitor's body and trailers; a body that breaks off never reaches the backend as a complete one. */
function sendBody({ stream }: TunnelRequest, upstream: ClientRequest, { counters }: Origins): void {
  let trailers: [string, string][] = [];
  onFields(stream, 'trailers', (_fields, raw) => {
    trailers = trailerPairs(raw);
  });
  batchWrites(stream, () => upstream.socket);
  stream.pipe(upstream, { end: false });
  stream.on('data', (chunk: Buffer) => counters.bytesIn(chunk.length));
  stream.once('end', () => {
    if (!endedCleanly(stream)) {
      upstream.destroy();
      return;
    }
    try {
      if (trailers.length > 0) upstream.addTrailers(trailers);
      upstream.end();
    } catch {
      upstream.destroy();
    }
  });
  // The backend may want to see the head before the visitor has sent any of the body.
  setImmediate(() => {
    if (!upstream.destroyed && !upstream.writableEnded) upstream.flushHeaders();
  });
  upstream.once('close', () => {
    if (stream.readableEnded || stream.destroyed) return;
    // The backend is done with this upload. Once its answer is through, the edge is asked to stop (RFC 9113 §8.1).
    stream.unpipe(upstream);
    stream.resume();
    const stop = (): void => {
      if (!stream.closed) stream.close(rstCodes.none);
    };
    if (stream.writableFinished) stop();
    else stream.once('finish', stop);
  });
}
