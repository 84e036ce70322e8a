/**
 * The one error of this folder: what an API server answered, or that it did not.
 */

/** Body of a failed answer (meta/v1 Status), as far as we read it. */
export type StatusBody = {
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
};

/** Longest time a server can make us wait: a wrong Retry-After must not stop an agent for a day. */
const maxRetryAfterMs = 60_000;

/** A failed call. Decide by `status` and `reason`, never by the message. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 when there was no answer (network, TLS, time-out, abort). */
  readonly status: number;
  /**
   * `Status.reason` of the answer, such as NotFound or Conflict. Without an answer: TimedOut, Aborted, Closed, or the
   * code of the system's or TLS library's error, such as ECONNREFUSED or DEPTH_ZERO_SELF_SIGNED_CERT.
   */
  readonly reason: string;
  /** How long the server asks to wait, in milliseconds, a minute at most. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    facts: { readonly status: number; readonly reason: string; readonly retryAfterMs?: number | null },
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** The error of an answer whose status is not 2xx. `text` is its body, a Status where the server speaks Kubernetes. */
export function errorOfAnswer(status: number, text: string, retryAfter: string | undefined): KubeError {
  return errorOfStatus({ ...parseStatus(text), code: status }, retryAfter);
}

/** The error that a Status stands for; a watch reports its end by one. */
export function errorOfStatus(body: StatusBody, retryAfter?: string): KubeError {
  const status = body.code ?? 0;
  // Kubernetes sends seconds; the date that RFC 9110 §10.2.3 also allows gives NaN and is left to the back-off.
  const seconds = Number(retryAfter ?? body.details?.retryAfterSeconds);
  return new KubeError(body.message ?? `The API server answered ${status}`, {
    status,
    reason: body.reason ?? 'Unknown',
    retryAfterMs: seconds > 0 ? Math.min(seconds * 1000, maxRetryAfterMs) : null,
  });
}

/** Anything thrown under `signal` as a KubeError; an abort says why. */
export function errorOfThrown(thrown: unknown, signal?: AbortSignal): KubeError {
  if (signal?.aborted === true && signal.reason instanceof KubeError) return signal.reason;
  if (thrown instanceof KubeError) return thrown;
  if (thrown instanceof SyntaxError) {
    return new KubeError('The answer is not JSON', { status: 0, reason: 'NotJson' }, { cause: thrown });
  }
  const { code } = thrown as { readonly code?: unknown };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const reason = typeof code === 'string' ? code : 'Unknown';
  // With several addresses Node's error has a code but an empty message.
  return new KubeError(message === '' ? reason : message, { status: 0, reason }, { cause: thrown });
}

/** True if `thrown` says that the history a watch wanted to resume from is gone (410). */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.status === 410;
}

/** What a proxy in between answers is often a page of its own; then the status says enough. */
function parseStatus(text: string): StatusBody {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof body !== 'object' || body === null) return {};
  const { message, reason, details } = body as Readonly<Record<string, unknown>>;
  const retryAfterSeconds = (details as { readonly retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { details: { retryAfterSeconds } } : {}),
  };
}
