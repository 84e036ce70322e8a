/**
 * Watches: changes as they happen, one JSON line each, seen through a selector. A watcher that cannot follow is cut.
 */
import type { ServerResponse } from 'node:http';

import type { Cancel } from '#base/clock.ts';
import { flag } from '../http/exchange.ts';
import { versionOf, withMetadata, type StoredObject } from '../resources/stored-object.ts';
import { parseSelector, type Selector } from '../selectors/selector.ts';
import type { StoreEvent } from '../storage/history.ts';
import { expired, tooManyRequests, type StatusError } from '../status-error.ts';
import { checkWatchOptions } from './query-options.ts';
import { naturalNumber, parseRevision, representationOf } from './reads.ts';
import type { Representation } from './representation.ts';
import type { ResourceRequest } from './resource-request.ts';

export type WatchLimits = {
  /** Most watches at once. */
  readonly maxWatches: number;
  /** Bytes that may wait for a watcher to take them. */
  readonly maxWaitingBytes: number;
  readonly bookmarkEveryMs: number;
  /** Longest life of a watch, with or without `timeoutSeconds`. */
  readonly maxWatchMs: number;
};

export type Watches = {
  /** Starts a watch and leaves. Throws 400 and 429. */
  start(request: ResourceRequest): void;
  /** Ends all watches. */
  close(): void;
};

/** A watch ends this much before its time-out with a bookmark. */
const lastBookmarkMs = 1000;

export function createWatches(limits: WatchLimits): Watches {
  const open = new Set<() => void>();
  return {
    start: (request) => {
      // SECURITY: bounds what one caller can make the server hold.
      if (open.size >= limits.maxWatches) throw tooManyRequests('too many watches are open');
      const end = startWatch(request, limits);
      open.add(end);
      request.exchange.response.once('close', () => open.delete(end));
    },
    close: () => {
      for (const end of open) end();
    },
  };
}

/** Returns the function that ends the watch. The response closes however it ends. */
function startWatch(request: ResourceRequest, limits: WatchLimits): () => void {
  const { exchange, surroundings, type } = request;
  const { query, response } = exchange;
  const { store, clock } = surroundings;
  checkWatchOptions(query);
  const representation = representationOf(request);
  const select = parseSelector(type, request.namespace, {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: watchedFields(request),
  });
  const bookmarks = flag(query, 'allowWatchBookmarks');
  const timeoutMs = Math.min(naturalNumber(query, 'timeoutSeconds') * 1000 || limits.maxWatchMs, limits.maxWatchMs);
  const start = startOf(request);

  const timers: Cancel[] = [];
  let ended = false;
  let live = false;
  let unsubscribe = (): void => {};
  const end = (): void => {
    if (ended) return;
    ended = true;
    unsubscribe();
    for (const cancel of timers) cancel();
    response.end();
  };
  const sendLine = (value: unknown): void => {
    if (ended) return;
    response.write(`${JSON.stringify(value)}\n`);
    // What comes at the start is as large as it is; a watcher is slow only if it falls behind afterwards.
    if (!live || response.writableLength <= limits.maxWaitingBytes) return;
    // The stream is cut, not finished: the watcher must notice that it missed something.
    response.destroy();
  };
  const bookmark = (initial: boolean): void => sendLine(bookmarkEvent(request, store.revision, initial));
  const keepMarking = (): void => {
    timers.push(
      clock.after(limits.bookmarkEveryMs, () => {
        bookmark(false);
        keepMarking();
      }),
    );
  };

  response.once('close', end);
  openStream(response);
  for (const line of start.lines(select, representation)) sendLine(line);
  if (start.refused) {
    end();
    return end;
  }
  if (bookmarks && flag(query, 'sendInitialEvents')) bookmark(true);
  live = true;
  unsubscribe = store.subscribe((event) => {
    if (event.type !== type.id) return;
    const line = lineFor(event, select, representation);
    if (line !== undefined) sendLine(line);
  });
  timers.push(clock.after(timeoutMs, end));
  if (bookmarks) {
    timers.push(clock.after(Math.max(0, timeoutMs - lastBookmarkMs), () => bookmark(false)));
    keepMarking();
  }
  return end;
}

/** A watch on one object is one on its name. */
function watchedFields(request: ResourceRequest): string {
  const fields = request.exchange.query.get('fieldSelector') ?? '';
  if (request.name === '') return fields;
  return [fields, `metadata.name=${request.name}`].filter((part) => part !== '').join(',');
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  // Events are small and each one matters now.
  response.socket?.setNoDelay(true);
}

type Start = {
  /** The events before the live ones. */
  readonly lines: (select: Selector, representation: Representation) => readonly unknown[];
  readonly refused: boolean;
};

/** Without a version the present state comes first; with one, what happened since. */
function startOf({ exchange, surroundings, type }: ResourceRequest): Start {
  const { store } = surroundings;
  const version = exchange.query.get('resourceVersion') ?? '';
  const initial = exchange.query.get('sendInitialEvents');
  if (version === '' || version === '0' || initial === 'true') {
    if (initial === 'false') return { refused: false, lines: () => [] };
    const objects = [...store.list(type.id).values()];
    return {
      refused: false,
      lines: (select, representation) =>
        objects.filter(select).map((object) => ({ type: 'ADDED', object: representation.object(object) })),
    };
  }
  const events = store.eventsAfter(type.id, parseRevision(version));
  if (events === undefined) {
    const refusal = expired(`the version ${version} is too old or not known; list again`);
    return { refused: true, lines: () => [errorEvent(refusal)] };
  }
  return {
    refused: false,
    lines: (select, representation) => events.flatMap((event) => lineFor(event, select, representation) ?? []),
  };
}

function errorEvent(refusal: StatusError): unknown {
  return { type: 'ERROR', object: refusal.toStatus() };
}

/** The event as this watcher sees it: an object that leaves the selection is deleted for it. */
function lineFor(event: StoreEvent, select: Selector, representation: Representation): unknown {
  const was = event.previous !== undefined && select(event.previous);
  const is = !event.deleted && select(event.object);
  if (!was && !is) return undefined;
  const seen = event.deleted || is ? event.object : lastSeen(event);
  return { type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: representation.object(seen) };
}

/** The state that a watcher knows of an object that left its selection, at the version at which it left. */
function lastSeen({ object, previous }: StoreEvent): StoredObject {
  if (previous === undefined) return object;
  return withMetadata(previous, { resourceVersion: versionOf(object) });
}

function bookmarkEvent({ type }: ResourceRequest, revision: number, initial: boolean): unknown {
  return {
    type: 'BOOKMARK',
    object: {
      apiVersion: type.apiVersion,
      kind: type.kind,
      metadata: {
        resourceVersion: String(revision),
        creationTimestamp: null,
        ...(initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      },
    },
  };
}
