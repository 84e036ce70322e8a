/**
 * Takes one visitor's HTTP request through a tunnel session, streaming both ways.
 */
import type { ClientHttp2Stream } from 'node:http2';
import type { IncomingMessage } from 'node:http';

import { trailerFields } from '../headers/fields.ts';
import { abortStream, rstCodes } from '../transport/h2.ts';
import { answerFailure, relayAnswer, type Answering, type ForwardOutcome } from './answer.ts';
import { TunnelUnavailable, type TunnelSession } from './session.ts';
import { hasBody, visitOf, visitorFields, type Backend } from './visitor-request.ts';

export type ForwardOptions = Answering & {
  readonly session: TunnelSession;
  readonly backend: Backend;
  /** Request fields, in lower case, that end at the edge. */
  readonly dropHeaders?: readonly string[];
  /** The platform's own question: the agent does not count it as a visitor's. */
  readonly probe?: boolean;
  /** Another session for a request that certainly reached no agent; null gives up. Asked at most twice. */
  readonly retry?: () => TunnelSession | null;
};

const maxRetries = 2;

/** Resolves when the visitor's answer is complete, broken off, or nobody waits for it any more. Never rejects. */
export function forwardRequest(options: ForwardOptions): Promise<ForwardOutcome> {
  return new Promise((resolve) => attempt(options, options.session, maxRetries, resolve));
}

function attempt(
  options: ForwardOptions,
  session: TunnelSession,
  retriesLeft: number,
  resolve: (outcome: ForwardOutcome) => void,
): void {
  const { request } = options;
  const withBody = hasBody(request);
  const chunked = withBody && request.headers['content-length'] === undefined;

  const retryOr = (giveUp: () => ForwardOutcome): void => {
    const other = retriesLeft > 0 ? (options.retry?.() ?? null) : null;
    if (other === null) resolve(giveUp());
    else attempt(options, other, retriesLeft - 1, resolve);
  };

  let stream: ClientHttp2Stream;
  try {
    const { backend, dropHeaders, probe } = options;
    stream = session.request(visitorFields(visitOf(request), backend, { dropped: dropHeaders ?? [], probe }), {
      endStream: !withBody,
      waitForTrailers: chunked,
    });
  } catch (error) {
    if (!(error instanceof TunnelUnavailable)) resolve(answerFailure(options, 400, 'http_request_error'));
    else if (error.reason === 'limit') retryOr(() => answerFailure(options, 503, 'connection_limit_reached'));
    else retryOr(() => answerFailure(options, 503, 'destination_unavailable'));
    return;
  }

  relayAnswer(stream, options, {
    done: resolve,
    unanswered: () => {
      // RFC 9113 §8.7: REFUSED_STREAM says that nothing was done about the request. A body may be gone, though.
      if (stream.rstCode === rstCodes.refused && !withBody) {
        retryOr(() => answerFailure(options, 503, 'destination_unavailable'));
      } else {
        resolve(answerFailure(options, 502, 'connection_terminated'));
      }
    },
  });
  if (withBody) sendBody(request, stream, chunked);
}

/** Streams the visitor's body and its trailers; a body that breaks off breaks the stream too. */
function sendBody(request: IncomingMessage, stream: ClientHttp2Stream, chunked: boolean): void {
  if (chunked) {
    stream.once('wantTrailers', () => {
      stream.sendTrailers(trailerFields(request.rawTrailers));
    });
  }
  request.pipe(stream);
  request.once('error', () => abortStream(stream));
  stream.once('close', () => {
    // Answered before the upload was through: what still comes is read and dropped, so that the connection lives on.
    request.unpipe(stream);
    request.resume();
  });
}
