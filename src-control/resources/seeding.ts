/**
 * Puts the objects in place that are there from the start: the default namespace, and the definitions as objects.
 */
import { equal, isArray, isObject, member, text, type JsonObject, type JsonValue } from '../json.ts';
import type { Transaction } from '../storage/store.ts';
import { admitCreation, type AdmissionContext } from './admission.ts';
import { definitionType, namespaceType } from './built-in.ts';
import type { Catalog } from './catalog.ts';
import { objectKey, type StoredObject } from './stored-object.ts';

/** Idempotent: what is already right is left alone, definitions that are no longer served are removed. */
export function seed(transaction: Transaction, catalog: Catalog, context: AdmissionContext): void {
  if (transaction.get(namespaceType.id, objectKey(undefined, 'default')) === undefined) {
    const namespace = { metadata: { name: 'default' } };
    transaction.put(namespaceType.id, admitCreation(namespaceType, namespace, undefined, context));
  }
  const served = new Set<string>();
  for (const definition of catalog.definitions) {
    const name = text(member(definition, 'metadata'), 'name') ?? '';
    served.add(name);
    const current = transaction.get(definitionType.id, objectKey(undefined, name));
    const next = definitionObject(definition, name, current, context);
    if (current === undefined || !equal(current['spec'], next['spec'])) transaction.put(definitionType.id, next);
  }
  for (const object of transaction.list(definitionType.id)) {
    if (!served.has(object.metadata.name)) transaction.remove(definitionType.id, object);
  }
}

function definitionObject(
  definition: JsonObject,
  name: string,
  current: StoredObject | undefined,
  context: AdmissionContext,
): StoredObject {
  const spec = member(definition, 'spec') ?? {};
  const names = member(spec, 'names') ?? {};
  const versions = member(spec, 'versions');
  return {
    apiVersion: definitionType.apiVersion,
    kind: definitionType.kind,
    metadata: {
      name,
      uid: current?.metadata.uid ?? context.uid(),
      creationTimestamp: current?.metadata.creationTimestamp ?? context.timestamp,
      generation: Number(current?.metadata['generation'] ?? 0) + 1,
    },
    spec: isObject(spec) ? { ...spec, conversion: { strategy: 'None' } } : {},
    status: {
      acceptedNames: names,
      storedVersions: (isArray(versions) ? versions : []).map((version) => text(version, 'name') ?? ''),
      conditions: ['NamesAccepted', 'Established'].map((type) => established(type, context.timestamp)),
    },
  };
}

function established(type: string, timestamp: string): JsonValue {
  const message = 'served from the definitions that the control plane was started with';
  return { type, status: 'True', reason: 'Served', message, lastTransitionTime: timestamp };
}
