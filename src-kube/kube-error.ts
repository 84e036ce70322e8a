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

/** A failed call. Decide by `status` and `reason`, never by the message. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 when there was no answer (network, TLS, time-out). */
  readonly status: number;
  /** `Status.reason`, such as NotFound or Conflict; `NoAnswer` or `TimedOut` for status 0. */
  readonly reason: string;
  /** How long the server asks to wait, in milliseconds. */
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
  let body: StatusBody = {};
  try {
    body = JSON.parse(text) as StatusBody;
  } catch {
    // A proxy in between answers with a page of its own; the status says enough.
  }
  const seconds = Number(retryAfter ?? body.details?.retryAfterSeconds);
  return new KubeError(body.message ?? `The API server answered ${status}`, {
    status,
    reason: body.reason ?? 'Unknown',
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null,
  });
}

/** True if `thrown` says that the history a watch wanted to resume from is gone (410). */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.status === 410;
}
