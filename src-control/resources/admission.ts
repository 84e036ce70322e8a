/**
 * What becomes of an object on its way into the store: identity, defaults, pruning, validation, generation, and which
 * part of it a write may change. Pure; knows neither requests nor storage.
 */
import { equal, isObject, member, text, withMember, type JsonObject, type JsonValue } from '../json.ts';
import { withDefaults } from '../schema/defaulting.ts';
import { prune } from '../schema/pruning.ts';
import { envelopeFields, withoutEnvelope } from '../schema/structural-schema.ts';
import { badRequest, conflict, invalid } from '../status-error.ts';
import { generateName, metadataFaults } from './metadata.ts';
import type { ResourceType } from './resource-type.ts';
import { finalizersOf, isTerminating, versionOf, type StoredObject } from './stored-object.ts';

/** What the server brings to an object. */
export type AdmissionContext = {
  /** RFC 3339, whole seconds. */
  readonly timestamp: string;
  readonly uid: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What to do about fields that the schema does not know. They are dropped in any case. */
  readonly onUnknown: (fields: readonly string[]) => void;
};

/** Which part of an object a write is for. */
export type Part = 'main' | 'status';

/** Metadata that only the server sets. `managedFields` are not kept: server-side apply is not served. */
const serverMetadata = ['selfLink', 'managedFields', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** Metadata that an update leaves as it is. */
const identityMetadata: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]);

/** The object to store for a creation. Throws StatusErrors 400 and 422. */
export function admitCreation(
  type: ResourceType,
  body: JsonObject,
  namespace: string | undefined,
  context: AdmissionContext,
): StoredObject {
  const sent = envelopeOf(type, body);
  if ((text(sent, 'resourceVersion') ?? '') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  if (namespace !== undefined && (text(sent, 'namespace') ?? namespace) !== namespace) {
    throw badRequest('the namespace of the object does not match the namespace of the request');
  }
  const prefix = text(sent, 'generateName') ?? '';
  const name = (text(sent, 'name') ?? '') || (prefix === '' ? '' : generateName(prefix, context.random));
  const metadata = {
    ...withoutServerMetadata(sent),
    name,
    uid: context.uid(),
    creationTimestamp: context.timestamp,
    ...(type.custom ? { generation: 1 } : {}),
  };
  const content = type.hasStatus ? withMember(body, 'status', undefined) : body;
  return admitContent(type, content, withMember(metadata, 'namespace', namespace), context);
}

/** The object to store for an update of `part`; `current` itself when nothing changes. Throws 400, 409, 422. */
export function admitUpdate(
  type: ResourceType,
  current: StoredObject,
  body: JsonObject,
  part: Part,
  context: AdmissionContext,
): StoredObject {
  const sent = envelopeOf(type, body);
  const { name } = current.metadata;
  if ((text(sent, 'name') ?? name) !== name) throw badRequest('the name of the object does not match the request');
  if ((text(sent, 'namespace') ?? current.metadata['namespace']) !== current.metadata['namespace']) {
    throw badRequest('the namespace of the object does not match the request');
  }
  checkUid(type, current, text(sent, 'uid') ?? '');
  checkPreconditions(type, current, undefined, text(sent, 'resourceVersion'));

  const metadata = part === 'main' ? updatedMetadata(sent, current) : current.metadata;
  const next = admitContent(type, merged(type, current, body, part), metadata, context);
  if (part === 'main') checkFinalizers(type, current, next);
  const specChanged = type.custom && !equal(withoutStatus(current), withoutStatus(next));
  const counted = specChanged ? { generation: Number(current.metadata['generation'] ?? 0) + 1 } : {};
  const result = { ...next, metadata: { ...next.metadata, ...counted } };
  return equal(result, current) ? current : result;
}

/** Throws 409 unless the object is the one and in the version that the caller expects. Empty means any. */
export function checkPreconditions(
  type: ResourceType,
  current: StoredObject,
  uid: string | undefined,
  resourceVersion: string | undefined,
): void {
  const { name } = current.metadata;
  if (uid !== undefined && uid !== '' && uid !== current.metadata.uid) {
    throw conflict(type, name, `the object has the UID ${current.metadata.uid}, not ${uid}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== versionOf(current)) {
    throw conflict(
      type,
      name,
      'the object has been modified; read it again and apply your changes to the latest version',
    );
  }
}

/** An update never turns one object into another of the same name. Throws 422. */
function checkUid(type: ResourceType, current: StoredObject, uid: string): void {
  if (uid === '' || uid === current.metadata.uid) return;
  const message = `Invalid value: ${JSON.stringify(uid)}: the field cannot be changed`;
  throw invalid(type, current.metadata.name, [{ reason: 'FieldValueInvalid', field: 'metadata.uid', message }]);
}

/** The state that a requested deletion leaves while finalizers remain. */
export function terminating(type: ResourceType, current: StoredObject, timestamp: string): StoredObject {
  if (isTerminating(current)) return current;
  const generation = Number(current.metadata['generation'] ?? 0) + 1;
  return {
    ...current,
    metadata: {
      ...current.metadata,
      ...(type.custom ? { generation } : {}),
      deletionTimestamp: timestamp,
      deletionGracePeriodSeconds: 0,
    },
  };
}

/** `metadata` of `body`, after its kind was checked. */
function envelopeOf(type: ResourceType, body: JsonObject): JsonObject {
  const apiVersion = text(body, 'apiVersion') ?? type.apiVersion;
  const kind = text(body, 'kind') ?? type.kind;
  if (apiVersion !== type.apiVersion) {
    throw badRequest(`the object is of the API version ${apiVersion}, but ${type.apiVersion} is expected here`);
  }
  if (kind !== type.kind) {
    const message = `Invalid value: ${JSON.stringify(kind)}: must be ${type.kind}`;
    const name = text(member(body, 'metadata'), 'name') ?? '';
    throw invalid({ ...type, kind }, name, [{ reason: 'FieldValueInvalid', field: 'kind', message }]);
  }
  const metadata = member(body, 'metadata') ?? {};
  if (!isObject(metadata)) throw badRequest('metadata must be an object');
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion']) {
    const value = member(metadata, field);
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw badRequest(`metadata.${field} must be a string`);
    }
  }
  return metadata;
}

function withoutServerMetadata(metadata: JsonObject): JsonObject {
  const dropped = new Set<string>([...serverMetadata, 'resourceVersion', 'generation']);
  return Object.fromEntries(Object.entries(metadata).filter(([name, value]) => !dropped.has(name) && value !== null));
}

function updatedMetadata(sent: JsonObject, current: StoredObject): JsonObject {
  const kept = Object.entries(current.metadata).filter(([name]) => identityMetadata.has(name));
  const changed = Object.entries(withoutServerMetadata(sent)).filter(([name]) => !identityMetadata.has(name));
  return Object.fromEntries([...changed, ...kept]);
}

/** The members besides the envelope: those of `body` that belong to `part`, those of `current` for the rest. */
function merged(type: ResourceType, current: StoredObject, body: JsonObject, part: Part): JsonObject {
  if (!type.hasStatus) return body;
  if (part === 'main') return withMember(body, 'status', member(current, 'status'));
  return withMember(current, 'status', member(body, 'status'));
}

function withoutStatus(object: StoredObject): JsonObject {
  return withMember(withoutEnvelope(object), 'status', undefined);
}

/** Prunes, defaults and validates; the members are put in a fixed order. */
function admitContent(
  type: ResourceType,
  body: JsonObject,
  sentMetadata: JsonObject,
  context: AdmissionContext,
): StoredObject {
  const isNamespace = type.group === '' && type.plural === 'namespaces';
  const metadata = isNamespace ? withNameLabel(sentMetadata) : sentMetadata;
  const unknown: string[] = [];
  const pruned = prune(withoutEnvelope(body), type.schema, '', unknown) as JsonObject;
  if (unknown.length > 0) context.onUnknown(unknown);
  const content = withoutEnvelope(withDefaults(pruned, type.schema) as JsonObject);
  const causes = [...metadataFaults(metadata, isNamespace), ...type.validate(content)];
  if (causes.length > 0) throw invalid(type, text(metadata, 'name') ?? '', causes);
  const order = (name: string): number => ['spec', 'status'].indexOf(name);
  const members = Object.entries(content)
    .filter(([name]) => !envelopeFields.includes(name))
    .toSorted(([left], [right]) => order(left) - order(right));
  return {
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: metadata as StoredObject['metadata'],
    ...(Object.fromEntries(members) as Record<string, JsonValue>),
  };
}

/** Every namespace carries its name as a label, so that selectors of namespaces can name one. */
function withNameLabel(metadata: JsonObject): JsonObject {
  const labels = member(metadata, 'labels') ?? {};
  if (!isObject(labels)) return metadata;
  return { ...metadata, labels: { ...labels, 'kubernetes.io/metadata.name': text(metadata, 'name') ?? '' } };
}

/** An object on its way out takes no new finalizers. */
function checkFinalizers(type: ResourceType, current: StoredObject, next: StoredObject): void {
  if (!isTerminating(current)) return;
  const known = finalizersOf(current);
  const added = finalizersOf(next).filter((each) => !known.includes(each));
  if (added.length === 0) return;
  const message = `Forbidden: no new finalizers can be added while it is being deleted: ${added.join(', ')}`;
  throw invalid(type, current.metadata.name, [
    { reason: 'FieldValueForbidden', field: 'metadata.finalizers', message },
  ]);
}
