/**
 * Reading: one object, or a list with selectors and pages.
 */
import { ok, type Answer } from '../http/exchange.ts';
import type { StoredObject } from '../resources/stored-object.ts';
import { parseSelector } from '../selectors/selector.ts';
import { badRequest, expired } from '../status-error.ts';
import { checkListOptions } from './query-options.ts';
import { representationFor, type ListMetadata, type Representation } from './representation.ts';
import { existing, type ResourceRequest } from './resource-request.ts';

export function representationOf(request: ResourceRequest): Representation {
  const { exchange, surroundings, type } = request;
  const include = exchange.query.get('includeObject') ?? 'Metadata';
  if (include !== 'None' && include !== 'Metadata' && include !== 'Object') {
    throw badRequest('includeObject must be None, Metadata or Object');
  }
  return representationFor(type, exchange.request.headers.accept, { include, now: surroundings.clock.now() });
}

export function get(request: ResourceRequest): Answer {
  return ok(representationOf(request).object(existing(request, request.surroundings.store)));
}

/** Where a page begins: after the object with this key, in the state at this revision. */
type PageStart = { readonly revision: number; readonly after: string };

export function list(request: ResourceRequest): Answer {
  const { exchange, surroundings, type } = request;
  const { query } = exchange;
  const select = parseSelector(type, request.namespace, {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
  });
  checkListOptions(query);
  const start = pageStart(query, surroundings.store.revision);
  const objects = surroundings.store.listAt(type.id, start.revision);
  if (objects === undefined) throw expired('the version of the list is no longer known; list again from the start');
  const selected = [...objects]
    .filter(([key, object]) => key > start.after && select(object))
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  const limit = naturalNumber(query, 'limit') || selected.length;
  const page = selected.slice(0, limit);
  const isSelected = query.has('labelSelector') || query.has('fieldSelector');
  const metadata = pageMetadata(start.revision, page, { remaining: selected.length - page.length, isSelected });
  return ok(
    representationOf(request).list(
      page.map(([, object]) => object),
      metadata,
    ),
  );
}

function pageMetadata(
  revision: number,
  page: readonly (readonly [string, StoredObject])[],
  { remaining, isSelected }: { readonly remaining: number; readonly isSelected: boolean },
): ListMetadata {
  const last = page.at(-1);
  if (remaining === 0 || last === undefined) return { resourceVersion: String(revision) };
  const next: PageStart = { revision, after: last[0] };
  return {
    resourceVersion: String(revision),
    continue: Buffer.from(JSON.stringify(next)).toString('base64url'),
    // Servers that page before they select cannot know it; no client should come to rely on it.
    ...(isSelected ? {} : { remainingItemCount: remaining }),
  };
}

/** The state that a query is about: that of its `continue` token, the exact version it names, or the newest. */
function pageStart(query: URLSearchParams, newest: number): PageStart {
  const token = query.get('continue') ?? '';
  const version = query.get('resourceVersion') ?? '';
  if (token !== '') {
    if (version !== '' && version !== '0')
      throw badRequest('a continue token has its own resourceVersion; leave it out');
    return decodeToken(token);
  }
  if (version === '' || version === '0') return { revision: newest, after: '' };
  const revision = parseRevision(version);
  if (query.get('resourceVersionMatch') === 'Exact') return { revision, after: '' };
  // A version from the future comes from another history, such as one from before the data was deleted.
  if (revision > newest) throw expired(`the version ${version} is not known; list again without it`);
  return { revision: newest, after: '' };
}

function decodeToken(token: string): PageStart {
  try {
    const { revision, after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<PageStart>;
    if (Number.isSafeInteger(revision) && typeof after === 'string') return { revision: Number(revision), after };
  } catch {
    // Falls through: not one of ours.
  }
  throw badRequest('the continue token is not valid');
}

/** A resourceVersion as a revision. Throws 400 where it is none. */
export function parseRevision(version: string): number {
  if (!/^\d{1,15}$/.test(version)) throw badRequest(`resourceVersion "${version}" is not valid`);
  return Number(version);
}

/** The query parameter `name` as a number; 0 where it is left out. */
export function naturalNumber(query: URLSearchParams, name: string): number {
  const value = query.get(name) ?? '0';
  if (!/^\d{1,9}$/.test(value)) throw badRequest(`${name} must be a whole number`);
  return Number(value);
}
