/**
 * Writing: create, replace and patch. Each runs as one transaction of the store.
 */
import type { Answer } from '../http/exchange.ts';
import { mediaTypeOf } from '../http/body.ts';
import { isArray, isObject, withMember, type JsonObject, type JsonValue } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { admitCreation, admitUpdate } from '../resources/admission.ts';
import { finalizersOf, isTerminating, keyOf, type StoredObject } from '../resources/stored-object.ts';
import type { Transaction } from '../storage/store.ts';
import {
  alreadyExists,
  badRequest,
  forbidden,
  invalid,
  methodNotAllowed,
  tooLarge,
  unsupportedMediaType,
} from '../status-error.ts';
import { checkWriteOptions } from './query-options.ts';
import { representationOf } from './reads.ts';
import { admissionFor, checkFields, checkNamespace, existing, run, type ResourceRequest } from './resource-request.ts';

/** How often a generated name that is taken is made anew. */
const nameAttempts = 8;

export async function create(request: ResourceRequest): Promise<Answer> {
  const { type } = request;
  if (request.name !== '') throw methodNotAllowed('objects are created by POST to their collection');
  checkWriteOptions('CreateOptions', request.exchange.query);
  const body = await objectBody(request);
  const { context, warnings } = admissionFor(request);
  const created = await run(request, (transaction) => {
    checkNamespace(request, transaction);
    checkCount(request, transaction);
    for (let attempt = 1; ; attempt += 1) {
      const object = admitCreation(type, body, request.namespace, context);
      if (transaction.get(type.id, keyOf(object)) === undefined) return store(request, transaction, object);
      const generated = object.metadata.name !== nameIn(body);
      if (!generated || attempt === nameAttempts) throw alreadyExists(type, object.metadata.name);
    }
  });
  return written(request, 201, created, warnings);
}

export async function replace(request: ResourceRequest): Promise<Answer> {
  checkWriteOptions('UpdateOptions', request.exchange.query);
  const body = await objectBody(request);
  const { context, warnings } = admissionFor(request);
  const updated = await run(request, (transaction) => {
    const current = existing(request, transaction);
    requireVersion(request, body);
    return update(request, transaction, current, admitUpdate(request.type, current, body, request.part, context));
  });
  return written(request, 200, updated, warnings);
}

export async function patch(request: ResourceRequest): Promise<Answer> {
  const apply = patchKind(request);
  checkWriteOptions('PatchOptions', request.exchange.query);
  const body = await request.exchange.body();
  const { context, warnings } = admissionFor(request);
  const updated = await run(request, (transaction) => {
    const current = existing(request, transaction);
    const patched = apply(current, body);
    if (!isObject(patched)) throw badRequest('the patch makes something else of the object');
    return update(request, transaction, current, admitUpdate(request.type, current, patched, request.part, context));
  });
  return written(request, 200, updated, warnings);
}

type Patch = (current: JsonObject, patch: JsonValue) => JsonValue;

function patchKind(request: ResourceRequest): Patch {
  const mediaType = mediaTypeOf(request.exchange.request);
  switch (mediaType) {
    case 'application/merge-patch+json':
      return (current, body) => {
        if (!isObject(body)) throw badRequest('a merge patch is an object');
        return applyMergePatch(current, body);
      };
    case 'application/json-patch+json':
      return applyJsonPatch;
    case 'application/strategic-merge-patch+json':
      if (!request.type.custom) return applySimpleStrategicPatch;
      break;
    case 'application/apply-patch+yaml':
    case 'application/apply-patch+cbor':
      throw unsupportedMediaType(
        'server-side apply is not served by this control plane; use apply without --server-side, or a merge patch',
      );
    default:
  }
  throw unsupportedMediaType(
    `the patch type "${mediaType}" is not served; use application/merge-patch+json or application/json-patch+json`,
  );
}

/** kubectl knows no other patch for the built-in types; what has no directives and no lists is a merge patch. */
function applySimpleStrategicPatch(current: JsonObject, body: JsonValue): JsonValue {
  if (!isObject(body) || !isPlain(body)) {
    throw unsupportedMediaType('strategic merge patches with lists or directives are not served');
  }
  return applyMergePatch(current, body);
}

function isPlain(value: JsonValue): boolean {
  if (!isObject(value)) return !isArray(value);
  return Object.entries(value).every(([name, inner]) => !name.startsWith('$') && isPlain(inner));
}

/** Stores `next`, or completes a deletion where it has lost its last finalizer. */
function update(
  request: ResourceRequest,
  transaction: Transaction,
  current: StoredObject,
  next: StoredObject,
): StoredObject {
  if (next === current) return current;
  checkFields(request, current, next);
  if (isTerminating(next) && finalizersOf(next).length === 0 && finalizersOf(current).length > 0) {
    return transaction.remove(request.type.id, next);
  }
  return store(request, transaction, next);
}

function store(request: ResourceRequest, transaction: Transaction, object: StoredObject): StoredObject {
  const { maxObjectBytes } = request.surroundings;
  if (Buffer.byteLength(JSON.stringify(object)) > maxObjectBytes) {
    throw tooLarge(`the object is longer than ${maxObjectBytes} bytes`);
  }
  return transaction.put(request.type.id, object);
}

function checkCount(request: ResourceRequest, transaction: Transaction): void {
  const { maxObjects } = request.surroundings;
  if (transaction.count < maxObjects) return;
  throw forbidden(request.type, '', `exceeded quota: this control plane holds at most ${maxObjects} objects`);
}

/** A replacement without a version would overwrite what the caller has never seen. */
function requireVersion(request: ResourceRequest, body: JsonObject): void {
  const { type, name } = request;
  const metadata = body['metadata'];
  const version = isObject(metadata) ? metadata['resourceVersion'] : undefined;
  if (typeof version === 'string' && version !== '') return;
  if (!type.custom && type.group === '') return;
  const message = 'Invalid value: "": must be specified for an update';
  throw invalid(type, name, [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message }]);
}

async function objectBody(request: ResourceRequest): Promise<JsonObject> {
  const body = await request.exchange.body();
  if (!isObject(body)) throw badRequest('the body must be an object');
  const { name } = request;
  const sent = nameIn(body);
  if (name !== '' && sent !== '' && sent !== name) {
    throw badRequest(`the name of the object (${sent}) does not match the name in the path (${name})`);
  }
  return body;
}

function nameIn(body: JsonObject): string {
  const metadata = body['metadata'];
  const name = isObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : '';
}

function written(request: ResourceRequest, code: number, object: StoredObject, warnings: readonly string[]): Answer {
  const shown = request.dryRun && code === 201 ? withoutVersion(object) : object;
  const body = representationOf(request).object(shown);
  if (warnings.length === 0) return { code, body };
  return { code, body, headers: { Warning: warnings.map((warning) => `299 - ${quoted(warning)}`) } };
}

/** A rehearsed creation has no version. */
function withoutVersion(object: StoredObject): StoredObject {
  return { ...object, metadata: withMember(object.metadata, 'resourceVersion', undefined) as StoredObject['metadata'] };
}

/** A quoted string of a header (RFC 9110 §5.6.4), printable ASCII only. */
function quoted(message: string): string {
  return JSON.stringify(message.replaceAll(/[^\x20-\x7e]/g, '?'));
}
