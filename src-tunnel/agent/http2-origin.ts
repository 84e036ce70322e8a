/**
 * Serves a request from a backend over HTTP/2: all of gRPC, which knows nothing else, and whatever else comes to such a
 * backend. In plain text with prior knowledge (RFC 9113 §3.3), as gRPC does.
 */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';

import { toHttp2Fields } from '../headers/fields.ts';
import { impersonatesAgent } from '../headers/proxy-status.ts';
import { relayHttp2 } from '../transport/relay.ts';
import { badAnswer, failureOf, respondFailure } from './failure.ts';
import { hostFor, type Origins, type TunnelRequest } from './tunnel-request.ts';

const settingsType = 4;

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: the one content type, with `+proto` or the like behind it. */
export function isGrpc(fields: IncomingHttpHeaders): boolean {
  return /^application\/grpc(?:[+;]|$)/i.test(fields['content-type'] ?? '');
}

/** True if a backend's answer to HTTP/1.1 begins as HTTP/2 does, with a SETTINGS frame (RFC 9113 §3.4, §4.1). */
export function isHttp2Answer(error: unknown): boolean {
  const { rawPacket } = error as { readonly rawPacket?: unknown };
  return (
    Buffer.isBuffer(rawPacket) &&
    rawPacket.length >= 9 &&
    rawPacket[3] === settingsType &&
    rawPacket.readUInt32BE(5) === 0
  );
}

export function serveOverHttp2(request: TunnelRequest, origins: Origins): void {
  relay(request, origins).catch((error: unknown) => respondFailure(request.stream, failureOf(error)));
}

/** Rejects if the backend cannot be dialled, or the request cannot be expressed. */
async function relay(request: TunnelRequest, origins: Origins): Promise<void> {
  const { stream, fields, raw, withBody, scheme, target } = request;
  const session: ClientHttp2Session = await origins.http2Pool.session(scheme, target);
  if (stream.destroyed || stream.closed) return;
  const far = session.request(
    {
      ...toHttp2Fields(raw, (name) => name === 'host'),
      ':method': fields[':method'] ?? 'POST',
      ':scheme': scheme,
      ':authority': hostFor(request),
      ':path': fields[':path'] ?? '/',
    },
    { endStream: !withBody, waitForTrailers: withBody },
  );
  relayHttp2({
    near: stream,
    far,
    withBody,
    answer: (answer, answerRaw) => {
      const own = toHttp2Fields(answerRaw);
      // SECURITY: a backend must not pass its answers off as the agent's own.
      if (impersonatesAgent(own['proxy-status'])) delete own['proxy-status'];
      return { ...own, ':status': Number(answer[':status'] ?? 502) };
    },
    meter: { fromNear: origins.counters.bytesIn, fromFar: origins.counters.bytesOut },
    onEnd: (outcome) => {
      if (outcome !== 'unanswered') return;
      const failure = origins.http2Pool.failureOf(session);
      respondFailure(stream, failure === null ? badAnswer : failureOf(failure));
    },
  });
}
