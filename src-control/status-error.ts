/**
 * Refusals as Kubernetes words them: a `Status` object with a code and a reason that programs read.
 */
import type { JsonObject } from './json.ts';

/** One field at fault. `field` is a path such as `spec.rules[0].name`. */
export type StatusCause = { readonly reason: string; readonly message: string; readonly field: string };

/** What the refusal is about. */
export type StatusDetails = {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
};

/** The coordinates of a resource type that a refusal names. */
export type Subject = { readonly group: string; readonly plural: string; readonly kind: string };

/** Most causes in one answer; more would help nobody. */
const maxCauses = 64;

/** A refusal on its way to the client. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails;

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body that is sent. */
  toStatus(): JsonObject {
    const { causes, ...named } = this.details;
    const details = causes === undefined ? named : { ...named, causes: causes.slice(0, maxCauses) };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(Object.keys(details).length === 0 ? {} : { details }),
      code: this.code,
    };
  }
}

function qualified(subject: Subject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
}

/** `details` of an answer about an object: the kind is its plural, as clients expect. */
function about(subject: Subject, name: string): StatusDetails {
  return { name, group: subject.group, kind: subject.plural };
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized: a valid bearer token is required');
}

export function forbidden(subject: Subject, name: string, why: string, causes?: readonly StatusCause[]): StatusError {
  const named = name === '' ? '' : ` "${name}"`;
  return new StatusError(403, 'Forbidden', `${qualified(subject)}${named} is forbidden: ${why}`, {
    ...about(subject, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

export function notFound(subject: Subject, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(subject)} "${name}" not found`, about(subject, name));
}

export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource');
}

export function methodNotAllowed(message: string): StatusError {
  return new StatusError(405, 'MethodNotAllowed', message);
}

export function notAcceptable(offered: string): StatusError {
  return new StatusError(406, 'NotAcceptable', `only ${offered} is served here`);
}

export function alreadyExists(subject: Subject, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(subject)} "${name}" already exists`, about(subject, name));
}

export function conflict(subject: Subject, name: string, why: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`,
    about(subject, name),
  );
}

/** The version asked for is no longer (or not yet) known: list again. */
export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

export function tooLarge(message: string): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', message);
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', message);
}

export function invalid(subject: Subject, name: string, causes: readonly StatusCause[]): StatusError {
  const shown = causes.slice(0, maxCauses).map(({ field, message }) => `${field}: ${message}`);
  const list = shown.length === 1 ? shown[0] : `[${shown.join(', ')}]`;
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  return new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, {
    name,
    group: subject.group,
    kind: subject.kind,
    causes,
  });
}

export function tooManyRequests(message: string): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}
