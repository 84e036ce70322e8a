/**
 * Resource types as OpenAPI schemas, for `kubectl explain` and for clients that check before they send.
 */
import { isArray, isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ResourceType } from '../resources/resource-type.ts';

/** Where schemas live in a document: `#/components/schemas/` in version 3, `#/definitions/` in version 2. */
export type Pointer = (name: string) => JsonObject;

export type NamedSchemas = Readonly<Record<string, JsonObject>>;

const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1';
export const deleteOptionsName = `${metaName}.DeleteOptions`;

/** Name of the schema of a type: its group backwards, its version and kind. */
export function schemaName(type: ResourceType): string {
  const group = type.group === '' ? ['io', 'k8s', 'api', 'core'] : type.group.split('.').toReversed();
  return [...group, type.version, type.kind].join('.');
}

/** The group, version and kind that an operation or a schema is about. */
export function identityOf(type: ResourceType): JsonObject {
  return { group: type.group, version: type.version, kind: type.kind };
}

/** Schemas of the type, of its list, and of everything they refer to. */
export function schemasOf(type: ResourceType, pointer: Pointer): NamedSchemas {
  const name = schemaName(type);
  const properties = isObject(type.schema.properties) ? type.schema.properties : {};
  const identity = { 'x-kubernetes-group-version-kind': [identityOf(type)] };
  return {
    [name]: {
      ...(plain(type.schema) as JsonObject),
      properties: {
        ...(plain(properties) as JsonObject),
        apiVersion: { type: 'string', description: 'Group and version of the kind.' },
        kind: { type: 'string', description: 'Kind of the object.' },
        metadata: { description: 'What every object has.', allOf: [pointer(`${metaName}.ObjectMeta`)] },
      },
      ...identity,
    },
    [`${name}List`]: {
      type: 'object',
      description: `A list of ${type.kind} objects.`,
      required: ['items'],
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { allOf: [pointer(`${metaName}.ListMeta`)] },
        items: { type: 'array', items: { allOf: [pointer(name)] } },
      },
      'x-kubernetes-group-version-kind': [{ ...identityOf(type), kind: type.listKind }],
    },
    ...metaSchemas(pointer),
  };
}

/** A copy without JavaScript identity: YAML anchors make trees that share nodes. */
function plain(value: JsonValue): JsonValue {
  if (isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

const string = (description: string): JsonObject => ({ type: 'string', description });
const time = (description: string): JsonObject => ({ type: 'string', format: 'date-time', description });
const strings = (description: string): JsonObject => ({
  type: 'object',
  additionalProperties: { type: 'string' },
  description,
});

function metaSchemas(pointer: Pointer): NamedSchemas {
  return {
    [`${metaName}.ObjectMeta`]: {
      type: 'object',
      description: 'Name, identity, version and labels of an object.',
      properties: {
        name: string('Unique within the namespace and type.'),
        generateName: string('Prefix of a name that the server completes.'),
        namespace: string('The scope of the name.'),
        uid: string('Tells objects apart that had the same name at different times. Set by the server.'),
        resourceVersion: string('Changes with every write; compared for equality only. Set by the server.'),
        generation: { type: 'integer', format: 'int64', description: 'Counts changes of the desired state.' },
        creationTimestamp: time('Set by the server.'),
        deletionTimestamp: time('Set once deletion was asked for and finalizers remain.'),
        deletionGracePeriodSeconds: { type: 'integer', format: 'int64', description: 'Always 0 here.' },
        labels: strings('What selectors look at.'),
        annotations: strings('Free data of tools and people.'),
        finalizers: { type: 'array', items: { type: 'string' }, description: 'Who must act before it is gone.' },
        ownerReferences: {
          type: 'array',
          description: 'Owners; when all of them are gone, so is the object.',
          items: { allOf: [pointer(`${metaName}.OwnerReference`)] },
        },
      },
    },
    [`${metaName}.OwnerReference`]: {
      type: 'object',
      description: 'Names an owner in the same namespace, or one without namespace.',
      required: ['apiVersion', 'kind', 'name', 'uid'],
      properties: {
        apiVersion: string('Group and version of the owner.'),
        kind: string('Kind of the owner.'),
        name: string('Name of the owner.'),
        uid: string('UID of the owner.'),
        controller: { type: 'boolean', description: 'Whether the owner is the managing controller.' },
        blockOwnerDeletion: { type: 'boolean', description: 'Kept, without effect here.' },
      },
    },
    [`${metaName}.ListMeta`]: {
      type: 'object',
      description: 'Version of a list and where its next page begins.',
      properties: {
        resourceVersion: string('The version to watch from.'),
        continue: string('Token of the next page.'),
        remainingItemCount: { type: 'integer', format: 'int64', description: 'Objects on later pages.' },
      },
    },
    [deleteOptionsName]: {
      type: 'object',
      description: 'How to delete.',
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        propagationPolicy: string('Background or Orphan.'),
        preconditions: {
          type: 'object',
          description: 'What the object must be for the deletion to happen.',
          properties: { uid: { type: 'string' }, resourceVersion: { type: 'string' } },
        },
      },
    },
  };
}
