/**
 * Reads what a request is about from its path: which resource type, which namespace, which object.
 */
import { noSuchPath } from '../status-error.ts';

/** A path below `/api/v1` or `/apis/G/V`. */
export type ResourcePath = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Empty for the collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
};

/** The path's parts, decoded. Throws a 404 StatusError where the encoding is broken. */
export function pathParts(pathname: string): readonly string[] {
  try {
    return pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    throw noSuchPath();
  }
}

/** The resource that the path names, undefined where it names none. */
export function parseResourcePath(parts: readonly string[]): ResourcePath | undefined {
  const [root, ...rest] = parts;
  const core = root === 'api';
  if (!core && root !== 'apis') return undefined;
  const [group = '', version = ''] = core ? ['', rest[0]] : rest;
  const below = rest.slice(core ? 1 : 2);
  const [first, namespace = '', plural] = below;
  if (first === undefined || below.length > 5) return undefined;
  // `namespaces/x` and `namespaces/x/status` are the namespace itself; anything else lies in it.
  if (first === 'namespaces' && plural !== undefined && !(core && below.length === 3 && isSubresource(plural))) {
    return { group, version, namespace, plural, name: below[3] ?? '', subresource: below[4] ?? '' };
  }
  if (below.length > 3) return undefined;
  return { group, version, namespace: undefined, plural: first, name: below[1] ?? '', subresource: below[2] ?? '' };
}

function isSubresource(name: string): boolean {
  return name === 'status' || name === 'finalize';
}
