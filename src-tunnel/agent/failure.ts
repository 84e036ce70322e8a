/**
 * What the agent answers when it cannot bring a backend's answer: a status, an RFC 9209 error type and our code.
 */
import type { ServerHttp2Stream } from 'node:http2';

import type { ErrorCode } from '#contract/errors/registry.ts';

import { agentName, proxyStatus, type ProxyErrorType } from '../headers/proxy-status.ts';
import { rstCodes } from '../transport/h2.ts';
import { NotAllowed } from './allow-list.ts';
import { DialTimeout } from './dial.ts';

export type OriginFailure = {
  readonly status: 400 | 403 | 502 | 504;
  readonly error: ProxyErrorType;
  readonly code: ErrorCode;
};

export const notAllowed: OriginFailure = { status: 403, error: 'http_request_denied', code: 'SP_TARGET_NOT_ALLOWED' };
export const badRequest: OriginFailure = { status: 400, error: 'http_request_error', code: 'SP_INPUT_INVALID' };
/** The backend's answer cannot be expressed in HTTP/2, or is not HTTP at all. */
export const badAnswer: OriginFailure = { status: 502, error: 'http_protocol_error', code: 'SP_ORIGIN_UNREACHABLE' };

const timedOut: OriginFailure = { status: 504, error: 'connection_timeout', code: 'SP_ORIGIN_TIMEOUT' };
const unreachable = (error: ProxyErrorType): OriginFailure => ({ status: 502, error, code: 'SP_ORIGIN_UNREACHABLE' });

const nameUnknown: OriginFailure = { status: 502, error: 'dns_error', code: 'SP_ORIGIN_NAME_UNKNOWN' };

const byCode: Readonly<Record<string, OriginFailure>> = {
  ECONNREFUSED: { status: 502, error: 'connection_refused', code: 'SP_ORIGIN_REFUSED' },
  ETIMEDOUT: timedOut,
  ENOTFOUND: nameUnknown,
  EAI_AGAIN: nameUnknown,
  EAI_FAIL: nameUnknown,
  EAI_NODATA: nameUnknown,
  EHOSTUNREACH: unreachable('destination_ip_unroutable'),
  ENETUNREACH: unreachable('destination_ip_unroutable'),
  EADDRNOTAVAIL: unreachable('destination_ip_unroutable'),
  EACCES: unreachable('destination_unavailable'),
  HPE_HEADER_OVERFLOW: unreachable('http_response_header_section_size'),
  ERR_TLS_CERT_ALTNAME_INVALID: unreachable('tls_certificate_error'),
  CERT_HAS_EXPIRED: unreachable('tls_certificate_error'),
  DEPTH_ZERO_SELF_SIGNED_CERT: unreachable('tls_certificate_error'),
  SELF_SIGNED_CERT_IN_CHAIN: unreachable('tls_certificate_error'),
  UNABLE_TO_GET_ISSUER_CERT: unreachable('tls_certificate_error'),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unreachable('tls_certificate_error'),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unreachable('tls_certificate_error'),
};

/** What an error of dialling or of the HTTP client means for the visitor. */
export function failureOf(error: unknown): OriginFailure {
  if (error instanceof NotAllowed) return notAllowed;
  if (error instanceof DialTimeout) return timedOut;
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== 'string') return unreachable('connection_terminated');
  if (Object.hasOwn(byCode, code)) return byCode[code] ?? badAnswer;
  if (code.startsWith('HPE_')) return badAnswer;
  if (code.startsWith('ERR_SSL_')) return unreachable('tls_protocol_error');
  return unreachable('connection_terminated');
}

/** Answers on `stream` unless it is answered or gone already. */
export function respondFailure(stream: ServerHttp2Stream, failure: OriginFailure): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond(
    { ':status': failure.status, 'proxy-status': proxyStatus(agentName, failure.error, failure.code) },
    { endStream: true },
  );
  // RFC 9113 §8.1: NO_ERROR after a complete answer asks the edge to stop an upload nobody reads.
  stream.resume();
  stream.close(rstCodes.none);
}
