/**
 * Objects as the control plane keeps them, and the keys under which it keeps them.
 */
import type { JsonObject, JsonValue } from '../json.ts';

/** Metadata that every stored object has. What the server does not look at stays as it was sent. */
type StoredMetadata = JsonObject & {
  readonly name: string;
  readonly uid: string;
  readonly creationTimestamp: string;
};

/** An object that passed admission. Never changed in place. */
export type StoredObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMetadata;
  readonly [field: string]: JsonValue;
};

/** Names an object within its type: `namespace/name`, or `/name` where the type has no namespaces. */
export type ObjectKey = string;

export function objectKey(namespace: string | undefined, name: string): ObjectKey {
  return `${namespace ?? ''}/${name}`;
}

export function keyOf(object: StoredObject): ObjectKey {
  return objectKey(namespaceOf(object), object.metadata.name);
}

export function namespaceOf(object: StoredObject): string | undefined {
  const namespace = object.metadata['namespace'];
  return typeof namespace === 'string' ? namespace : undefined;
}

export function versionOf(object: StoredObject): string {
  const version = object.metadata['resourceVersion'];
  return typeof version === 'string' ? version : '';
}

export function finalizersOf(object: StoredObject): readonly string[] {
  const finalizers = object.metadata['finalizers'];
  return Array.isArray(finalizers) ? finalizers.filter((each): each is string => typeof each === 'string') : [];
}

export function isTerminating(object: StoredObject): boolean {
  return object.metadata['deletionTimestamp'] !== undefined;
}

/** The object with some metadata replaced. */
export function withMetadata(object: StoredObject, changes: JsonObject): StoredObject {
  return { ...object, metadata: { ...object.metadata, ...changes } };
}
