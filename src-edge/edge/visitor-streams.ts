/**
 * Takes each visitor's HTTP/2 request where it belongs. Visitors speak it with prior knowledge (RFC 9113 §3.3), as gRPC
 * clients do; browsers do not, without TLS.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import { forwardStream } from '#tunnel/edge/forward.ts';
import { abortStream } from '#tunnel/transport/h2.ts';

import { probeHeader } from '../probe-wire.ts';
import { renderPage, type PageAnswer } from './answer-page.ts';
import { edgeAnswer, failureAnswer, type Asked, type Reception } from './reception.ts';

/** Serves the requests of `session`, which runs on `socket`. */
export type ServeVisitorStreams = (session: ServerHttp2Session, socket: Socket) => void;

export function createVisitorStreams(reception: Reception): ServeVisitorStreams {
  const serve = (
    stream: ServerHttp2Stream,
    asked: Asked & { readonly headers: IncomingHttpHeaders },
    withBody: boolean,
  ): void => {
    const { headers, socket } = asked;
    const host = hostOf(headers);
    const answer = (page: PageAnswer): void => {
      if (stream.destroyed || stream.headersSent) return;
      const { fields, body } = renderPage(
        { method: headers[':method'], accept: headers.accept, host: host ?? '' },
        page,
      );
      stream.respond({ ...fields, ':status': page.page.status });
      stream.end(body);
      // The rest of an upload is nobody's.
      stream.resume();
    };
    const { decision, end } = reception.admit(asked);
    stream.once('close', end);
    if (decision.kind === 'answer') {
      answer(edgeAnswer(decision.reason));
      return;
    }
    void forwardStream({
      session: decision.session,
      stream,
      visit: {
        method: headers[':method'] ?? 'GET',
        target: headers[':path'] ?? '/',
        host,
        raw: asked.rawHeaders,
        address: socket.remoteAddress,
        encrypted: 'encrypted' in socket,
      },
      withBody,
      backend: decision.target.backend,
      // SECURITY: the probe token stays here, valid or not.
      dropHeaders: [probeHeader],
      probe: false,
      retry: reception.retry(decision),
      onFailure: (failure) => answer(failureAnswer(failure)),
    }).then((outcome) => reception.observe(asked, decision, outcome));
  };

  return (session, socket) => {
    session.on('error', () => {});
    session.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, ...rest: unknown[]) => {
        stream.on('error', () => {});
        // The raw fields are a fourth argument that the types do not mention.
        const [raw = []] = rest as [(readonly string[])?];
        const { [':authority']: authority } = headers;
        // SECURITY: a Host beside :authority is one host more, and `requestTarget` refuses two, unless they are the same.
        const named = authority === undefined || authority === headers.host ? raw : ['host', authority, ...raw];
        const withBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
        try {
          serve(stream, { url: headers[':path'], headers: withoutProbe(headers), rawHeaders: named, socket }, withBody);
        } catch {
          abortStream(stream);
        }
      },
    );
  };
}

/** Operators speak HTTP/1.1: whoever says otherwise is a visitor. */
function withoutProbe({ [probeHeader]: _probe, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers;
}

function hostOf(headers: IncomingHttpHeaders): string | undefined {
  return headers[':authority'] ?? headers.host;
}
