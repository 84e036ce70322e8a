/**
 * Takes one visitor's HTTP/2 request through a tunnel session: what gRPC needs from end to end.
 */
import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';

import { toHttp2Fields } from '../headers/fields.ts';
import { edgeName, proxyStatus, type ProxyErrorType } from '../headers/proxy-status.ts';
import { rstCodes } from '../transport/h2.ts';
import { relayHttp2 } from '../transport/relay.ts';
import { agentFailure, type Failure, type ForwardOutcome } from './answer.ts';
import { TunnelUnavailable, type TunnelSession } from './session.ts';
import { visitorFields, type Backend, type Visit } from './visitor-request.ts';

export type ForwardStreamOptions = {
  readonly session: TunnelSession;
  /** The visitor's stream. */
  readonly stream: ServerHttp2Stream;
  readonly visit: Visit;
  readonly withBody: boolean;
  readonly backend: Backend;
  /** Request fields, in lower case, that end at the edge. */
  readonly dropHeaders?: readonly string[];
  /** The platform asks by itself, for no visitor. */
  readonly probe: boolean;
  /** Another session for a request that certainly reached no agent; null gives up. Asked at most twice. */
  readonly retry: () => TunnelSession | null;
  /** Answers the visitor in place of the backend. */
  readonly onFailure: (failure: Failure) => void;
};

const maxRetries = 2;

/** Resolves when the answer is complete, broken off, or nobody waits for it any more. Never rejects. */
export function forwardStream(options: ForwardStreamOptions): Promise<ForwardOutcome> {
  return new Promise((resolve) => attempt(options, options.session, maxRetries, resolve));
}

function attempt(
  options: ForwardStreamOptions,
  session: TunnelSession,
  retriesLeft: number,
  resolve: (outcome: ForwardOutcome) => void,
): void {
  const { stream: near, withBody, visit, backend, probe } = options;

  const fail = (status: number, error: ProxyErrorType): void => {
    options.onFailure({ status, code: null, proxyStatus: proxyStatus(edgeName, error, null) });
    resolve({ answeredBy: 'edge', status });
  };
  const retryOr = (giveUp: () => void): void => {
    const other = retriesLeft > 0 ? options.retry() : null;
    if (other === null) giveUp();
    else attempt(options, other, retriesLeft - 1, resolve);
  };

  let far: ClientHttp2Stream;
  try {
    const fields = visitorFields(visit, backend, { dropped: options.dropHeaders ?? [], probe });
    far = session.request(fields, { endStream: !withBody, waitForTrailers: withBody });
  } catch (error) {
    if (!(error instanceof TunnelUnavailable)) fail(400, 'http_request_error');
    else if (error.reason === 'limit') retryOr(() => fail(503, 'connection_limit_reached'));
    else retryOr(() => fail(503, 'destination_unavailable'));
    return;
  }

  let status = 0;
  relayHttp2({
    near,
    far,
    withBody,
    answer: (fields, raw) => {
      status = Number(fields[':status'] ?? 502);
      const made = agentFailure(status, fields);
      if (made !== null) {
        options.onFailure(made);
        resolve({ answeredBy: 'agent', status });
        return null;
      }
      return { ...toHttp2Fields(raw), ':status': status };
    },
    onEnd: (outcome) => {
      switch (outcome) {
        case 'complete':
          resolve({ answeredBy: 'origin', status });
          return;
        case 'broken':
          resolve({ answeredBy: 'origin', status, brokenOff: true });
          return;
        case 'left':
          resolve({ answeredBy: 'edge', status: 0 });
          return;
        case 'unanswered':
          // RFC 9113 §8.7: REFUSED_STREAM says that nothing was done about the request. A body may be gone, though.
          if (far.rstCode === rstCodes.refused && !withBody) retryOr(() => fail(503, 'destination_unavailable'));
          else fail(502, 'connection_terminated');
      }
    },
  });
}
