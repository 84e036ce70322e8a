/**
 * Brings the answer on a tunnel stream to the visitor as it comes.
 *
 * A visitor must never take a broken answer for a complete one: what ends early is broken off, not finished.
 */
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { toHttp1Lines, trailerPairs } from '../headers/fields.ts';
import {
  declinesUpgrade,
  edgeName,
  isAgentFailure,
  proxyStatus,
  statusDetails,
  type ProxyErrorType,
} from '../headers/proxy-status.ts';
import { batchWrites } from '../transport/batch.ts';
import { breakSocket } from '../transport/bridge.ts';
import { abortStream, endedCleanly, onFields, type FieldsListener } from '../transport/h2.ts';

export type AnsweredBy = 'origin' | 'agent' | 'edge';

export type ForwardOutcome = {
  readonly answeredBy: AnsweredBy;
  /** What the visitor was told; 0 if the visitor left before. */
  readonly status: number;
  /** The answer began and ended early, and it was not the visitor who left. */
  readonly brokenOff?: true;
};

/** An answer that did not come from the backend, for whoever renders pages. */
export type Failure = {
  readonly status: number;
  /** The agent's SP_ code, or null if the edge failed itself. */
  readonly code: string | null;
  /** Value for the `Proxy-Status` field. */
  readonly proxyStatus: string;
};

/** Where and how to answer. */
export type Answering = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Called before anything was answered. True: the caller wrote the answer itself. */
  readonly onAgentFailure?: (failure: Failure) => boolean;
  /** Fields to add to the answer. */
  readonly responseHeaders?: (answeredBy: AnsweredBy) => OutgoingHttpHeaders;
};

export type AnswerHandlers = {
  readonly done: (outcome: ForwardOutcome) => void;
  /** The stream closed before it answered; its reset code says what the agent did about it. */
  readonly unanswered: () => void;
  /** True takes the stream over: it is a tunnel now, not an answer. */
  readonly accept?: (status: number, fields: IncomingHttpHeaders, raw: readonly string[]) => boolean;
};

/** Watches `stream` from before its first frame until it closes. */
export function relayAnswer(stream: ClientHttp2Stream, answering: Answering, handlers: AnswerHandlers): void {
  const { request, response } = answering;
  let answered: AnsweredBy | null = null;
  let status = 0;
  let complete = false;
  let trailers: readonly string[] = [];

  // Failures are judged when the stream closes, by its reset code; an 'error' event says no more than that.
  stream.on('error', () => {});
  const onVisitorGone = (): void => {
    if (!complete) abortStream(stream);
  };
  response.once('close', onVisitorGone);

  // SECURITY: what an agent sends may be anything HTTP/2 can carry; what HTTP/1.1 cannot say must not end the process.
  const orElse = (run: () => void, otherwise: () => void): void => {
    try {
      run();
    } catch {
      otherwise();
    }
  };

  onFields(stream, 'headers', (fields, raw) => {
    // An interim answer may always be left out (RFC 9110 §15.2).
    orElse(
      () => writeInformational(response, Number(fields[':status']), raw),
      () => {},
    );
  });
  onFields(stream, 'trailers', (_fields, raw) => {
    trailers = raw;
  });
  const onAnswer: FieldsListener = (fields, raw) => {
    status = fields[':status'] ?? 502;
    if (handlers.accept?.(status, fields, raw) === true) {
      response.off('close', onVisitorGone);
      stream.off('close', onClose);
      return;
    }
    const made = agentFailure(status, fields);
    answered = made === null ? 'origin' : 'agent';
    if (made !== null && answering.onAgentFailure?.(made) === true) {
      complete = true;
      abortStream(stream);
      return;
    }
    const isOurMark = (name: string): boolean => name === 'proxy-status' && declinesUpgrade(fields[name]);
    response.writeHead(status, [...toHttp1Lines(raw, isOurMark), ...flat(answering.responseHeaders?.(answered))]);
    // Together with the first bytes of the body if they are here already, else now: a live stream may say nothing
    // for minutes, and its visitor still wants to know that it is open.
    setImmediate(() => {
      if (!response.writableEnded && !response.destroyed) response.flushHeaders();
    });
    batchWrites(stream, () => response.socket);
    stream.pipe(response, { end: false });
    stream.once('end', () => {
      if (!endedCleanly(stream)) return;
      orElse(
        () => {
          if (trailers.length > 0) response.addTrailers(trailerPairs(trailers));
          complete = true;
          response.end();
        },
        () => abortStream(stream),
      );
    });
  };
  onFields(stream, 'response', (fields, raw, flags) => {
    if (answered !== null) return;
    orElse(
      () => onAnswer(fields, raw, flags),
      () => {
        // A head that failed half-way cannot be replaced by another one.
        answered = null;
        breakOff(request, response);
        abortStream(stream);
      },
    );
  });
  const onClose = (): void => {
    response.off('close', onVisitorGone);
    if (answered !== null) {
      const brokenOff = !complete && !response.destroyed;
      if (brokenOff) breakOff(request, response);
      handlers.done({ answeredBy: answered, status, ...(brokenOff ? { brokenOff } : {}) });
    } else if (response.destroyed || response.writableEnded) {
      handlers.done({ answeredBy: 'edge', status: 0 });
    } else {
      handlers.unanswered();
    }
  };
  stream.once('close', onClose);
}

/** What the agent says in place of the backend; null if the answer is the backend's. */
export function agentFailure(status: number, fields: IncomingHttpHeaders): Failure | null {
  const value = fields['proxy-status'];
  if (typeof value !== 'string' || !isAgentFailure(value)) return null;
  return { status, code: statusDetails(value), proxyStatus: value };
}

/** Answers in the edge's own name. */
export function answerFailure(answering: Answering, status: number, error: ProxyErrorType): ForwardOutcome {
  const { response } = answering;
  const failure: Failure = { status, code: null, proxyStatus: proxyStatus(edgeName, error, null) };
  if (answering.onAgentFailure?.(failure) !== true) {
    const fields = {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'proxy-status': failure.proxyStatus,
      ...answering.responseHeaders?.('edge'),
    };
    response.writeHead(status, flat(fields));
    response.end('The service behind this address cannot be reached through its tunnel right now.\n');
  }
  return { answeredBy: 'edge', status };
}

function flat(fields: OutgoingHttpHeaders = {}): string[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, String(one)]),
  );
}

function writeInformational(response: ServerResponse, status: number, raw: readonly string[]): void {
  if (response.headersSent) return;
  if (status === 100) response.writeContinue();
  else if (status === 102) response.writeProcessing();
  else if (status === 103) {
    const hints: Record<string, string[]> = {};
    for (const [name, value] of trailerPairs(raw)) (hints[name] ??= []).push(value);
    const { link, ...others } = hints;
    if (link !== undefined) response.writeEarlyHints({ ...others, link });
  }
}

function breakOff(request: IncomingMessage, response: ServerResponse): void {
  // Without a length and without chunks only a reset tells a break from the end (RFC 9112 §8).
  if (request.httpVersionMinor === 0) breakSocket(request.socket);
  response.destroy();
}
