/**
 * Who may do what: the table of roles, and the decision. One writer per field: where two roles write to the same
 * object, each has its own fields.
 */
import { equal, member, type JsonValue } from '../json.ts';
import type { StoredObject } from '../resources/stored-object.ts';

export const roles = ['admin', 'agent', 'operator', 'edge'] as const;
export type Role = (typeof roles)[number];

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A permission. Verbs and resources may be `*`; a resource is `plural.group`, with `/status` for the subresource. */
export type Rule = {
  readonly verbs: readonly (Verb | '*')[];
  readonly resources: readonly string[];
  /** Where given, updates and patches may change nothing but these fields. */
  readonly fields?: readonly string[];
};

const read = ['get', 'list', 'watch'] as const;
const write = ['create', 'update', 'patch', 'delete'] as const;
const change = ['update', 'patch'] as const;

const connectors = 'connectors.networking.datumapis.com';
const connectorClasses = 'connectorclasses.networking.datumapis.com';
const advertisements = 'connectoradvertisements.networking.datumapis.com';
const proxies = 'httpproxies.networking.datumapis.com';
const edges = 'drtpservers.datumapis.com';
const leases = 'leases.coordination.k8s.io';

/** Every role may look at everything: nothing that is stored here is secret. */
const readAll: Rule = { verbs: read, resources: ['*'] };

export const rules: Readonly<Record<Role, readonly Rule[]>> = {
  admin: [{ verbs: ['*'], resources: ['*'] }],
  agent: [
    readAll,
    { verbs: write, resources: [connectors, advertisements, proxies] },
    { verbs: change, resources: [`${connectors}/status`], fields: ['status.connectionDetails', 'status.capabilities'] },
    {
      verbs: change,
      resources: [leases],
      fields: ['spec.holderIdentity', 'spec.acquireTime', 'spec.renewTime', 'spec.leaseTransitions'],
    },
  ],
  operator: [
    readAll,
    { verbs: write, resources: [connectorClasses, leases] },
    {
      verbs: change,
      resources: [`${connectors}/status`],
      fields: ['status.conditions', 'status.leaseRef', 'status.provenKey'],
    },
    { verbs: change, resources: [`${proxies}/status`, `${advertisements}/status`, `${connectorClasses}/status`] },
    { verbs: change, resources: [advertisements], fields: ['metadata.ownerReferences'] },
  ],
  edge: [readAll, { verbs: write, resources: [edges, `${edges}/status`, leases] }],
};

/** The rules that allow `verb` on `resource`; none means no. */
export function rulesFor(role: Role, verb: string, resource: string): readonly Rule[] {
  return rules[role].filter(
    (rule) =>
      rule.verbs.some((each) => each === '*' || each === verb) &&
      rule.resources.some((each) => each === '*' || each === resource),
  );
}

/** The resource as rules name it. `subresource` is empty for the object itself. */
export function resourceName(group: string, plural: string, subresource: string): string {
  const name = group === '' ? plural : `${plural}.${group}`;
  return subresource === '' ? name : `${name}/${subresource}`;
}

/** Metadata that changes with every write and that nobody writes. */
const serverFields = ['metadata.resourceVersion', 'metadata.generation'];

/** The fields that differ between the states and that none of `allowing` lets through. */
export function forbiddenFields(
  allowing: readonly Rule[],
  before: StoredObject,
  after: StoredObject,
): readonly string[] {
  if (allowing.some((rule) => rule.fields === undefined)) return [];
  const allowed = new Set([...serverFields, ...allowing.flatMap((rule) => rule.fields ?? [])]);
  return changedFields(before, after).filter((field) => !allowed.has(field));
}

/** Paths of two members, such as `status.conditions`, at which the states differ. */
function changedFields(before: StoredObject, after: StoredObject): readonly string[] {
  const tops = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...tops].flatMap((top) => {
    const left = member(before, top);
    const right = member(after, top);
    const names = new Set([...Object.keys(membersOf(left)), ...Object.keys(membersOf(right))]);
    return [...names].filter((name) => !equal(member(left, name), member(right, name))).map((name) => `${top}.${name}`);
  });
}

function membersOf(value: JsonValue | undefined): object {
  return typeof value === 'object' && value !== null ? value : {};
}
