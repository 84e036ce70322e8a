/**
 * Deleting: one object or a collection, with preconditions, finalizers and orphaning.
 */
import { ok, type Answer } from '../http/exchange.ts';
import { isArray, isObject, member, text, withMember, type JsonObject } from '../json.ts';
import { checkPreconditions, terminating } from '../resources/admission.ts';
import { namespaceType } from '../resources/built-in.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { finalizersOf, type StoredObject } from '../resources/stored-object.ts';
import { parseSelector } from '../selectors/selector.ts';
import type { Transaction } from '../storage/store.ts';
import { badRequest, forbidden } from '../status-error.ts';
import { checkOption, checkWriteOptions } from './query-options.ts';
import { representationOf } from './reads.ts';
import { existing, isDryRun, run, timestampOf, type ResourceRequest } from './resource-request.ts';

/** Finds the objects of all types, for owners whose dependents are to stay. */
export type AllTypes = readonly ResourceType[];

type DeleteOptions = {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly orphan: boolean;
  readonly dryRun: boolean;
};

export async function remove(request: ResourceRequest, types: AllTypes): Promise<Answer> {
  const options = await deleteOptions(request);
  const { type } = request;
  const outcome = await run({ ...request, dryRun: options.dryRun }, (transaction) => {
    const current = existing(request, transaction);
    checkPreconditions(type, current, options.uid, options.resourceVersion);
    return removeObject(request, transaction, current, options, types);
  });
  if (outcome.remains) return ok(representationOf(request).object(outcome.object));
  return ok(success(type, outcome.object));
}

export async function removeCollection(request: ResourceRequest, types: AllTypes): Promise<Answer> {
  const options = await deleteOptions(request);
  const { type, exchange } = request;
  const select = parseSelector(type, request.namespace, {
    labelSelector: exchange.query.get('labelSelector') ?? '',
    fieldSelector: exchange.query.get('fieldSelector') ?? '',
  });
  const removed = await run({ ...request, dryRun: options.dryRun }, (transaction) =>
    [...transaction.list(type.id)]
      .filter(select)
      .map((object) => removeObject(request, transaction, object, options, types).object),
  );
  return ok(representationOf(request).list(removed, { resourceVersion: String(request.surroundings.store.revision) }));
}

function removeObject(
  request: ResourceRequest,
  transaction: Transaction,
  current: StoredObject,
  options: DeleteOptions,
  types: AllTypes,
): { readonly object: StoredObject; readonly remains: boolean } {
  const { type } = request;
  if (type.id === namespaceType.id && current.metadata.name === 'default') {
    throw forbidden(type, 'default', 'this namespace may not be deleted');
  }
  if (options.orphan) orphanDependents(transaction, current, types);
  if (finalizersOf(current).length === 0 && type.id !== namespaceType.id) {
    return { object: transaction.remove(type.id, current), remains: false };
  }
  const marked = terminating(type, current, timestampOf(request.surroundings.clock));
  // A namespace is emptied first; the garbage collector does that and then removes it.
  const next = type.id === namespaceType.id ? { ...marked, status: { phase: 'Terminating' } } : marked;
  return { object: marked === current ? current : transaction.put(type.id, next), remains: true };
}

/** Takes the owner off everything it owns, so that garbage collection leaves it alone. */
function orphanDependents(transaction: Transaction, owner: StoredObject, types: AllTypes): void {
  for (const { id } of types) {
    for (const object of transaction.list(id)) {
      const owners = object.metadata['ownerReferences'];
      if (!isArray(owners) || !owners.some((each) => text(each, 'uid') === owner.metadata.uid)) continue;
      const others = owners.filter((each) => text(each, 'uid') !== owner.metadata.uid);
      const metadata = withMember(object.metadata, 'ownerReferences', others.length === 0 ? undefined : others);
      transaction.put(id, { ...object, metadata: metadata as StoredObject['metadata'] });
    }
  }
}

/** DeleteOptions come as a body, as query parameters, or both. */
async function deleteOptions(request: ResourceRequest): Promise<DeleteOptions> {
  const { exchange } = request;
  checkWriteOptions('DeleteOptions', exchange.query);
  const hasBody = exchange.request.headers['content-length'] !== '0' && hasPayload(exchange.request.headers);
  const body = hasBody ? await exchange.body() : {};
  if (!isObject(body)) throw badRequest('DeleteOptions must be an object');
  const preconditions = member(body, 'preconditions');
  const policy = text(body, 'propagationPolicy') ?? exchange.query.get('propagationPolicy') ?? 'Background';
  checkOption('DeleteOptions', 'propagationPolicy', policy, ['Background', 'Orphan']);
  return {
    uid: text(preconditions, 'uid'),
    resourceVersion: text(preconditions, 'resourceVersion'),
    orphan: policy === 'Orphan' || member(body, 'orphanDependents') === true,
    dryRun: isDryRun(exchange.query) || isDryRunBody(body),
  };
}

function hasPayload(headers: Readonly<Record<string, unknown>>): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function isDryRunBody(body: JsonObject): boolean {
  const values = member(body, 'dryRun');
  return isArray(values) && values.includes('All');
}

function success(type: ResourceType, object: StoredObject): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: object.metadata.name, group: type.group, kind: type.plural, uid: object.metadata.uid },
  };
}
