/**
 * The reversed HTTP/2 session over a TLS socket: the dialler serves, the listener asks. Both windows are set here,
 * because each of them alone leaves transfers at 64 KiB a round trip.
 */
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';

import { controlAuthority } from '#contract/wire/registration.ts';

import { limits } from '../limits.ts';

const common = {
  initialWindowSize: limits.streamWindowBytes,
  maxFrameSize: limits.frameBytes,
  maxHeaderListSize: limits.headerBytes,
  enablePush: false,
} as const;

const options = {
  maxSessionMemory: limits.sessionMemoryMegabytes,
  maxHeaderListPairs: limits.headerFields,
  maxSendHeaderBlockLength: limits.headerBytes,
} as const;

function prepare(socket: TLSSocket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, limits.pingMs);
}

/** The agent's side: an HTTP/2 server on the socket it dialled. */
export function serveHttp2(socket: TLSSocket): ServerHttp2Session {
  prepare(socket);
  const session = http2.performServerHandshake(socket, {
    ...options,
    settings: {
      ...common,
      enableConnectProtocol: true,
      // One more for the registration stream.
      maxConcurrentStreams: limits.streamsPerSession + 1,
    },
  });
  session.setLocalWindowSize(limits.connectionWindowBytes);
  return session;
}

/** The edge's side: an HTTP/2 client on the socket it accepted. Requests without an authority go to the agent itself. */
export function requestOverHttp2(socket: TLSSocket): ClientHttp2Session {
  prepare(socket);
  const session = http2.connect(`https://${controlAuthority}`, {
    ...options,
    settings: common,
    createConnection: () => socket,
  });
  session.once('connect', () => session.setLocalWindowSize(limits.connectionWindowBytes));
  return session;
}

/** RFC 9113 §7 error codes this project sends or tells apart. */
export const rstCodes = {
  none: http2.constants.NGHTTP2_NO_ERROR,
  refused: http2.constants.NGHTTP2_REFUSED_STREAM,
} as const;

/**
 * Ends a stream so that the peer cannot take what it got for the whole.
 *
 * Not by `close(code)`: `node:http2` then sends END_STREAM first and RST_STREAM behind it, and whoever reads between
 * the two sees a clean end. A destroyed stream sends RST_STREAM (INTERNAL_ERROR) only.
 */
export function abortStream(stream: Http2Stream): void {
  if (!stream.destroyed) stream.destroy(new Error('aborted'));
}

/** True if the peer finished its half of `stream`, asked once that has ended; a reset stream may emit 'end' as well. */
export function endedCleanly(stream: Http2Stream): boolean {
  return !stream.aborted && (stream.rstCode === undefined || stream.rstCode === rstCodes.none);
}

export type FieldsListener = (
  fields: IncomingHttpHeaders & IncomingHttpStatusHeader,
  /** Names and values alternating, duplicates and order as received. */
  raw: readonly string[],
  /** Of the HTTP/2 frame. */
  flags: number,
) => void;

/** Header blocks with their raw fields: the events carry them as a third argument that the types do not mention. */
export function onFields(
  stream: ClientHttp2Stream | ServerHttp2Stream,
  event: 'headers' | 'response' | 'trailers',
  listener: FieldsListener,
): void {
  const events = stream as unknown as {
    on(event: string, listener: (fields: IncomingHttpHeaders, flags: number, raw: readonly string[]) => void): void;
  };
  events.on(event, (fields, flags, raw) => listener(fields, raw, flags));
}
