/**
 * A request about a resource, after its path was understood and its caller allowed: what the handlers share.
 */
import type { Clock } from '#base/clock.ts';
import { forbiddenFields, resourceName, rulesFor, type Rule, type Verb } from '../authorization/rules.ts';
import { flag, type Exchange } from '../http/exchange.ts';
import type { ResourcePath } from '../http/target.ts';
import type { AdmissionContext, Part } from '../resources/admission.ts';
import { namespaceType } from '../resources/built-in.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { objectKey, type StoredObject } from '../resources/stored-object.ts';
import type { Store, Transaction } from '../storage/store.ts';
import { badRequest, forbidden, notFound } from '../status-error.ts';

/** What handlers work with. */
export type Surroundings = {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  readonly uid: () => string;
  /** Most objects of all types together. */
  readonly maxObjects: number;
  /** Most bytes of one object as JSON. */
  readonly maxObjectBytes: number;
};

export type ResourceRequest = {
  readonly exchange: Exchange;
  readonly surroundings: Surroundings;
  readonly type: ResourceType;
  /** Undefined for types without namespaces, and for lists over all of them. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly part: Part;
  readonly verb: Verb;
  /** The rules that allow the request. */
  readonly allowing: readonly Rule[];
  readonly dryRun: boolean;
};

/** Checks that the caller may do `verb`. Throws 403. */
export function authorize(exchange: Exchange, path: ResourcePath, type: ResourceType, verb: Verb): readonly Rule[] {
  const resource = resourceName(path.group, path.plural, path.subresource);
  const allowing = rulesFor(exchange.user.role, verb, resource);
  // SECURITY: every access to a resource passes here; no rule means no.
  if (allowing.length > 0) return allowing;
  const where = path.namespace === undefined ? '' : ` in the namespace "${path.namespace}"`;
  throw forbidden(
    type,
    path.name,
    `user "${exchange.user.name}" with the role ${exchange.user.role} cannot ${verb} ${resource}${where}`,
  );
}

/** Throws 403 where `after` changes what the caller's rules do not let it change. */
export function checkFields(request: ResourceRequest, before: StoredObject, after: StoredObject): void {
  const { exchange, allowing, type, name } = request;
  const fields = forbiddenFields(allowing, before, after);
  // SECURITY: one writer per field; without this the agent could declare itself ready.
  if (fields.length === 0) return;
  const causes = fields.map((field) => ({
    reason: 'FieldValueForbidden',
    field,
    message: `Forbidden: not written by the role ${exchange.user.role}`,
  }));
  throw forbidden(type, name, `the role ${exchange.user.role} does not write ${fields.join(', ')}`, causes);
}

function keyOfRequest(request: ResourceRequest): string {
  return objectKey(request.namespace, request.name);
}

/** The object the request names. Throws 404. */
export function existing(request: ResourceRequest, view: Pick<Transaction, 'get'>): StoredObject {
  const object = view.get(request.type.id, keyOfRequest(request));
  if (object === undefined) throw notFound(request.type, request.name);
  return object;
}

/** Throws unless the namespace that a new object goes into exists and stays. */
export function checkNamespace(request: ResourceRequest, transaction: Transaction): void {
  const { namespace, type, name } = request;
  if (!type.namespaced) return;
  if (namespace === undefined) throw badRequest('the request must name a namespace');
  const found = transaction.get(namespaceType.id, objectKey(undefined, namespace));
  if (found === undefined) throw notFound(namespaceType, namespace);
  if (found.metadata['deletionTimestamp'] === undefined) return;
  const message = `namespace ${namespace} is being terminated`;
  throw forbidden(type, name, message, [{ reason: 'NamespaceTerminating', field: 'metadata.namespace', message }]);
}

/** What admission needs, and the warnings it leaves for the answer. */
export function admissionFor(request: ResourceRequest): {
  readonly context: AdmissionContext;
  readonly warnings: string[];
} {
  const { clock, random, uid } = request.surroundings;
  const mode = request.exchange.query.get('fieldValidation') ?? 'Warn';
  const warnings: string[] = [];
  return {
    warnings,
    context: {
      timestamp: timestampOf(clock),
      random,
      uid,
      onUnknown: (fields) => {
        if (mode === 'Strict') {
          throw badRequest(`strict decoding error: ${fields.map((field) => `unknown field "${field}"`).join(', ')}`);
        }
        if (mode !== 'Ignore') warnings.push(...fields.map((field) => `unknown field "${field}"`));
      },
    },
  };
}

/** RFC 3339 in whole seconds, as `metadata` has it. */
export function timestampOf(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}

/** Whether the query asks for a dry run. */
export function isDryRun(query: URLSearchParams): boolean {
  return query.getAll('dryRun').includes('All');
}

/** Runs `work` in the store, without a trace where the request is a dry run. */
export function run<T>(request: ResourceRequest, work: (transaction: Transaction) => T): Promise<T> {
  const { store } = request.surroundings;
  return request.dryRun ? store.rehearse(work) : store.write(work);
}

export function isWatch(exchange: Exchange): boolean {
  return flag(exchange.query, 'watch');
}
