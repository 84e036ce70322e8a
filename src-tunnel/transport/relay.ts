/**
 * Joins a request's stream on one HTTP/2 session with its stream on the next: body and trailers both ways, interim
 * answers, back-pressure, and abrupt ends as such.
 */
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { OutgoingHttpHeaders } from 'node:http';

import { toHttp2Fields, trailerFields } from '../headers/fields.ts';
import { abortStream, endedCleanly, onFields, rstCodes } from './h2.ts';

export type Relay = {
  /** Who asks. */
  readonly near: ServerHttp2Stream;
  /** Who is asked. With a body it was opened with `waitForTrailers`, else with `endStream`. */
  readonly far: ClientHttp2Stream;
  readonly withBody: boolean;
  /** The fields for `near`; null takes the answer over, and what else comes from `far` is dropped. */
  readonly answer: (fields: IncomingHttpHeaders, raw: readonly string[]) => OutgoingHttpHeaders | null;
  readonly meter?: { readonly fromNear: (bytes: number) => void; readonly fromFar: (bytes: number) => void };
  /**
   * Called once. unanswered: `far` closed before its answer began. broken: after that, and before its end, or its answer
   * cannot be expressed. left: `near` was gone before.
   */
  readonly onEnd: (outcome: 'complete' | 'broken' | 'unanswered' | 'left') => void;
};

export function relayHttp2(relay: Relay): void {
  const { near, far, withBody } = relay;
  let state: 'waiting' | 'answering' | 'complete' | 'taken' = 'waiting';

  // Ends are judged on 'close', by reset codes; an 'error' event says no more than that.
  near.on('error', () => {});
  far.on('error', () => {});
  near.once('close', () => {
    if (state !== 'complete') abortStream(far);
  });
  far.once('close', () => {
    if (state === 'taken') return;
    const left = near.destroyed || near.closed;
    if (state === 'complete') {
      stopUpload(near);
      relay.onEnd('complete');
    } else if (left) relay.onEnd('left');
    else if (state === 'waiting') relay.onEnd('unanswered');
    else {
      abortStream(near);
      relay.onEnd('broken');
    }
  });
  if (withBody) sendBody(relay);

  onFields(far, 'headers', (fields, raw) => {
    if (near.headersSent || near.destroyed) return;
    try {
      near.additionalHeaders({ ...toHttp2Fields(raw), ':status': Number(fields[':status']) });
    } catch {
      // An interim answer may always be left out (RFC 9110 §15.2).
    }
  });
  let trailers: readonly string[] = [];
  onFields(far, 'trailers', (_fields, raw) => {
    trailers = raw;
  });
  onFields(far, 'response', (fields, raw, flags) => {
    if (near.destroyed || near.closed) return;
    const head = relay.answer(fields, raw);
    if (head === null) {
      state = 'taken';
      abortStream(far);
      return;
    }
    state = 'answering';
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    try {
      near.respond(head, { endStream, waitForTrailers: !endStream });
    } catch {
      abortStream(far);
      return;
    }
    if (endStream) {
      state = 'complete';
      far.resume();
      return;
    }
    near.once('wantTrailers', () => {
      try {
        near.sendTrailers(trailerFields(trailers));
      } catch {
        abortStream(near);
      }
    });
    far.pipe(near, { end: false });
    far.on('data', (chunk: Buffer) => relay.meter?.fromFar(chunk.length));
    far.once('end', () => {
      if (!endedCleanly(far)) return;
      state = 'complete';
      near.end();
    });
  });
}

function sendBody({ near, far, meter }: Relay): void {
  let trailers: readonly string[] = [];
  onFields(near, 'trailers', (_fields, raw) => {
    trailers = raw;
  });
  far.once('wantTrailers', () => {
    try {
      far.sendTrailers(trailerFields(trailers));
    } catch {
      abortStream(far);
    }
  });
  near.pipe(far, { end: false });
  near.on('data', (chunk: Buffer) => meter?.fromNear(chunk.length));
  near.once('end', () => {
    if (endedCleanly(near)) far.end();
    else abortStream(far);
  });
}

/** Answered before the upload was through: once the answer is, nothing more is asked for (RFC 9113 §8.1). */
function stopUpload(near: ServerHttp2Stream): void {
  if (near.readableEnded || near.destroyed) return;
  near.unpipe();
  near.resume();
  const stop = (): void => {
    if (!near.closed) near.close(rstCodes.none);
  };
  if (near.writableFinished) stop();
  else near.once('finish', stop);
}
