/**
 * Names of objects, and their one text form (used as work-queue keys).
 */
import type { KubernetesObject } from '#contract/resources/object-meta.ts';

/** Which object of a kind; `namespace` is null for cluster-scoped kinds. */
export type ObjectKey = { readonly namespace: string | null; readonly name: string };

/** `namespace/name`, or `name` alone for cluster-scoped objects. */
export function formatKey({ namespace, name }: ObjectKey): string {
  return namespace === null ? name : `${namespace}/${name}`;
}

/** Inverse of `formatKey`: a DNS name never contains a slash. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash === -1
    ? { namespace: null, name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of an object that a server returned. */
export function keyOf({ metadata }: KubernetesObject): ObjectKey {
  return { namespace: metadata.namespace ?? null, name: metadata.name ?? '' };
}
