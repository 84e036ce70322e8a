/**
 * Background deletion: objects whose owners are gone, and what is left in namespaces that are being deleted.
 *
 * Level-based: what to do about an object follows from the store alone, so a missed event costs nothing.
 */
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { createWorkQueue } from '#base/work-queue.ts';
import { isArray, text, withMember, type JsonValue } from './json.ts';
import { terminating } from './resources/admission.ts';
import { namespaceType } from './resources/built-in.ts';
import type { Catalog } from './resources/catalog.ts';
import type { ResourceType } from './resources/resource-type.ts';
import {
  finalizersOf,
  isTerminating,
  keyOf,
  namespaceOf,
  objectKey,
  type StoredObject,
} from './resources/stored-object.ts';
import type { StoreEvent } from './storage/history.ts';
import type { Store, Transaction } from './storage/store.ts';

export type GarbageCollector = { stop(): Promise<void> };

export type GarbageCollectorOptions = {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
};

/** Starts with a look at everything: the last run may have ended in the middle. */
export function startGarbageCollector(options: GarbageCollectorOptions): GarbageCollector {
  const { store, catalog, clock, log } = options;
  const queue = createWorkQueue({
    clock,
    random: options.random,
    work: (key) => collect(options, key),
    onError: (key, error, retryInMs) => log.warn('garbage collection will be tried again', { key, error, retryInMs }),
  });
  const dependents = createDependents();
  const unsubscribe = store.subscribe((event) => {
    const key = workKey(event.type, event.object);
    if (event.previous !== undefined) dependents.remove(key, event.previous);
    if (event.deleted) {
      for (const dependent of dependents.of(event.object)) queue.add(dependent);
      const namespace = doomedNamespaceOf(event, store);
      if (namespace !== undefined) queue.add(workKey(namespaceType.id, namespace));
      return;
    }
    dependents.add(key, event.object);
    if (needsLook(event.type, event.object)) queue.add(key);
  });
  for (const { id } of catalog.types) {
    for (const object of store.list(id).values()) {
      dependents.add(workKey(id, object), object);
      if (needsLook(id, object)) queue.add(workKey(id, object));
    }
  }
  return {
    stop: () => {
      unsubscribe();
      return queue.stop();
    },
  };
}

const separator = '\n';

function workKey(type: string, object: StoredObject): string {
  return `${type}${separator}${keyOf(object)}`;
}

function isDoomedNamespace(type: string, object: StoredObject): boolean {
  return type === namespaceType.id && isTerminating(object);
}

function ownersOf(object: StoredObject): readonly JsonValue[] {
  const owners = object.metadata['ownerReferences'];
  return isArray(owners) ? owners : [];
}

function needsLook(type: string, object: StoredObject): boolean {
  return ownersOf(object).length > 0 || isDoomedNamespace(type, object);
}

/** The namespace that an object went from, if that is being deleted and may now be empty. */
function doomedNamespaceOf({ object }: StoreEvent, store: Store): StoredObject | undefined {
  const namespace = store.get(namespaceType.id, objectKey(undefined, namespaceOf(object) ?? ''));
  return namespace !== undefined && isTerminating(namespace) ? namespace : undefined;
}

type Dependents = {
  add(key: string, object: StoredObject): void;
  remove(key: string, object: StoredObject): void;
  /** Work keys of the objects that `owner` owns. */
  of(owner: StoredObject): Iterable<string>;
};

/** Index from the UID of an owner to what it owns: without it each deletion would look at every object. */
function createDependents(): Dependents {
  const byOwner = new Map<string, Set<string>>();
  const ownerUids = (object: StoredObject): string[] => ownersOf(object).map((owner) => text(owner, 'uid') ?? '');
  return {
    add: (key, object) => {
      for (const uid of ownerUids(object)) byOwner.set(uid, (byOwner.get(uid) ?? new Set()).add(key));
    },
    remove: (key, object) => {
      for (const uid of ownerUids(object)) {
        const keys = byOwner.get(uid);
        keys?.delete(key);
        if (keys?.size === 0) byOwner.delete(uid);
      }
    },
    of: (owner) => byOwner.get(owner.metadata.uid) ?? [],
  };
}

async function collect({ store, catalog, clock, log }: GarbageCollectorOptions, key: string): Promise<void> {
  const [id = '', objectKeyPart = ''] = key.split(separator);
  const type = catalog.types.find((each) => each.id === id);
  if (type === undefined) return;
  const timestamp = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const outcome = await store.write((transaction) => {
    const object = transaction.get(id, objectKeyPart);
    if (object === undefined) return undefined;
    if (isDoomedNamespace(id, object)) return emptyNamespace(transaction, object, catalog, timestamp);
    return collectOrphan(transaction, type, object, catalog, timestamp);
  });
  if (outcome !== undefined) log.debug('garbage collected', { key, outcome });
}

function collectOrphan(
  transaction: Transaction,
  type: ResourceType,
  object: StoredObject,
  catalog: Catalog,
  timestamp: string,
): string | undefined {
  const owners = ownersOf(object);
  if (owners.length === 0 || isTerminating(object)) return undefined;
  const living = owners.filter((owner) => lives(transaction, owner, object, catalog));
  if (living.length === owners.length) return undefined;
  if (living.length === 0) {
    removeOrMark(transaction, type, object, timestamp);
    return 'deleted';
  }
  const metadata = withMember(object.metadata, 'ownerReferences', living) as StoredObject['metadata'];
  transaction.put(type.id, { ...object, metadata });
  return 'released';
}

/** An owner of a type that is not served here cannot be judged and counts as living. */
function lives(transaction: Transaction, owner: JsonValue, object: StoredObject, catalog: Catalog): boolean {
  const type = catalog.byKind(text(owner, 'apiVersion') ?? '', text(owner, 'kind') ?? '');
  if (type === undefined) return true;
  const key = objectKey(type.namespaced ? namespaceOf(object) : undefined, text(owner, 'name') ?? '');
  return transaction.get(type.id, key)?.metadata.uid === text(owner, 'uid');
}

function removeOrMark(transaction: Transaction, type: ResourceType, object: StoredObject, timestamp: string): void {
  if (finalizersOf(object).length === 0) transaction.remove(type.id, object);
  else if (!isTerminating(object)) transaction.put(type.id, terminating(type, object, timestamp));
}

/** Deletes what is in the namespace; once nothing is left, the namespace itself. */
function emptyNamespace(
  transaction: Transaction,
  namespace: StoredObject,
  catalog: Catalog,
  timestamp: string,
): string | undefined {
  const { name } = namespace.metadata;
  let left = false;
  for (const type of catalog.types) {
    for (const object of transaction.list(type.id)) {
      if (namespaceOf(object) !== name) continue;
      removeOrMark(transaction, type, object, timestamp);
      left ||= finalizersOf(object).length > 0;
    }
  }
  if (left || finalizersOf(namespace).length > 0) return 'emptied';
  transaction.remove(namespaceType.id, namespace);
  return 'deleted';
}
