/**
 * All objects, in memory and on disk, under one revision that only grows. Knows types by name only.
 *
 * Writers queue up; the store evaluates those that wait one after another, puts their changes on disk with a single
 * sync, and only then shows them to readers and watchers and tells the writers. Nothing unsynced is ever visible.
 */
import type { Logger } from '#base/logger.ts';
import { createListeners } from '#base/listeners.ts';
import { keyOf, withMetadata, type ObjectKey, type StoredObject } from '../resources/stored-object.ts';
import { internalError, tooManyRequests } from '../status-error.ts';
import { createHistory, undo, type History, type HistoryLimits, type StoreEvent } from './history.ts';
import type { Change, Entry, Journal } from './journal.ts';

/** The view of a writer: everything before it, committed or not, and its own changes. */
export type Transaction = {
  get(type: string, key: ObjectKey): StoredObject | undefined;
  list(type: string): Iterable<StoredObject>;
  /** Objects of all types. */
  readonly count: number;
  /** Stores `object` under the next revision and returns it with that `resourceVersion`. */
  put(type: string, object: StoredObject): StoredObject;
  /** Removes `object` and returns its last state with the revision of the removal. */
  remove(type: string, object: StoredObject): StoredObject;
};

export type Store = {
  /** The newest revision that is visible. */
  readonly revision: number;
  get(type: string, key: ObjectKey): StoredObject | undefined;
  /** Objects of `type` in no particular order. */
  list(type: string): ReadonlyMap<ObjectKey, StoredObject>;
  /** The objects of `type` as they were at `revision`; undefined when that is forgotten or not reached. */
  listAt(type: string, revision: number): ReadonlyMap<ObjectKey, StoredObject> | undefined;
  /** Changes of `type` after `revision`; undefined when some are forgotten or the revision is not reached. */
  eventsAfter(type: string, revision: number): readonly StoreEvent[] | undefined;
  /** Listens to all changes, in order, from now on. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  /** Runs `work` on the latest state; resolves once its changes are on disk. What `work` throws undoes its changes. */
  write<T>(work: (transaction: Transaction) => T): Promise<T>;
  /** Runs `work` as `write` does and forgets its changes. */
  rehearse<T>(work: (transaction: Transaction) => T): Promise<T>;
  close(): Promise<void>;
};

export type StoreOptions = {
  readonly journal: Journal;
  readonly log: Logger;
  readonly history: HistoryLimits;
  /** Most writers that wait at once; others are told to come back. */
  readonly maxWaiting: number;
};

type Waiting = {
  readonly work: (transaction: Transaction) => unknown;
  readonly keep: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};
type Objects = Map<ObjectKey, StoredObject>;
type Staged = { readonly change: Change; readonly event: StoreEvent };

/** Changes in one sync; bounds what a failure takes with it and how long the first writer waits. */
const maxBatch = 256;

/** Takes over what the journal recovered; after damage it first replaces the damaged files. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { journal, log } = options;
  const types = new Map<string, Objects>();
  const histories = new Map<string, History>();
  const listeners = createListeners<StoreEvent>();
  let revision = journal.recovered.revision;
  let count = 0;
  let historyStart = revision;
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  const objectsOf = (type: string): Objects => {
    let objects = types.get(type);
    if (objects === undefined) types.set(type, (objects = new Map()));
    return objects;
  };
  const historyOf = (type: string): History => {
    let history = histories.get(type);
    if (history === undefined) histories.set(type, (history = createHistory(historyStart, options.history)));
    return history;
  };
  const apply = (event: StoreEvent, bytes: number): void => {
    const objects = objectsOf(event.type);
    const key = keyOf(event.object);
    count += (event.deleted ? 0 : 1) - (objects.has(key) ? 1 : 0);
    if (event.deleted) objects.delete(key);
    else objects.set(key, event.object);
    historyOf(event.type).add(event, bytes);
    revision = event.revision;
  };

  const { entries, changes, lostRevisions } = journal.recovered;
  recover();
  // Unless the new revision is on disk, the next start would give out the same numbers again.
  if (lostRevisions > 0) {
    await journal.compact(revision, allEntries(types)).catch(async (error: unknown) => {
      await journal.close();
      throw error;
    });
  }

  function recover(): void {
    for (const { type, key, object } of entries) objectsOf(type).set(key, object);
    count = entries.length;
    for (const change of changes) {
      const previous = objectsOf(change.type).get(change.key);
      const object =
        change.object ?? (previous && withMetadata(previous, { resourceVersion: String(change.revision) }));
      if (object === undefined) continue;
      const event = { revision: change.revision, type: change.type, deleted: change.object === null, object, previous };
      apply(event, JSON.stringify(object).length);
    }
    if (lostRevisions === 0) return;
    // A damaged record may have been seen by someone: no number is given out twice, and nobody resumes across the gap.
    revision += lostRevisions;
    historyStart = revision;
    histories.clear();
  }

  const begin = (batch: readonly Staged[], staged: Staged[]): Transaction => {
    const latest = (type: string, key: ObjectKey): StoredObject | undefined => {
      for (const list of [staged, batch]) {
        for (let index = list.length - 1; index >= 0; index -= 1) {
          const change = list[index]?.change;
          if (change?.type === type && change.key === key) return change.object ?? undefined;
        }
      }
      return types.get(type)?.get(key);
    };
    const stage = (type: string, object: StoredObject, deleted: boolean): StoredObject => {
      const next = revision + batch.length + staged.length + 1;
      const stamped = withMetadata(object, { resourceVersion: String(next) });
      const key = keyOf(object);
      const change = { revision: next, type, key, object: deleted ? null : stamped };
      const previous = latest(type, key);
      staged.push({ change, event: { revision: next, type, deleted, object: stamped, previous } });
      return stamped;
    };
    return {
      get: latest,
      list: (type) => {
        const objects = new Map(types.get(type));
        for (const { change } of [...batch, ...staged]) {
          if (change.type !== type) continue;
          if (change.object === null) objects.delete(change.key);
          else objects.set(change.key, change.object);
        }
        return objects.values();
      },
      get count() {
        const created = [...batch, ...staged].filter(({ event }) => event.previous === undefined).length;
        const removed = [...batch, ...staged].filter(({ event }) => event.deleted).length;
        return count + created - removed;
      },
      put: (type, object) => stage(type, object, false),
      remove: (type, object) => stage(type, object, true),
    };
  };

  const commit = async (batch: readonly Staged[]): Promise<void> => {
    if (batch.length === 0) return;
    await journal.append(batch.map(({ change }) => change));
    for (const { event } of batch) {
      apply(event, JSON.stringify(event.object).length);
      listeners.emit(event);
    }
  };

  const compactIfWorth = async (): Promise<void> => {
    if (!journal.wantsCompaction) return;
    try {
      await journal.compact(revision, allEntries(types));
    } catch (error) {
      log.error('the log could not be folded into a snapshot', { error });
    }
  };

  const evaluate = (writers: readonly Waiting[]): { batch: Staged[]; answers: (() => void)[] } => {
    const batch: Staged[] = [];
    const answers: (() => void)[] = [];
    for (const { work, keep, resolve, reject } of writers) {
      const staged: Staged[] = [];
      try {
        const result = work(begin(batch, staged));
        if (keep) batch.push(...staged);
        answers.push(() => resolve(result));
      } catch (error) {
        answers.push(() => reject(error));
      }
    }
    return { batch, answers };
  };

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const writers = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      const { batch, answers } = evaluate(writers);
      try {
        await commit(batch);
        for (const answer of answers) answer();
      } catch (error) {
        log.error('changes could not be written', { error, changes: batch.length });
        for (const { reject } of writers) reject(internalError('the change could not be written to disk'));
        continue;
      }
      await compactIfWorth();
    }
    running = undefined;
  };

  const enqueue = <T>(work: (transaction: Transaction) => T, keep: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (closed) {
        reject(internalError('the control plane is shutting down'));
        return;
      }
      if (waiting.length >= options.maxWaiting) {
        reject(tooManyRequests('too many writes are waiting'));
        return;
      }
      waiting.push({ work, keep, resolve: resolve as (value: unknown) => void, reject });
      running ??= run();
    });

  return {
    get revision() {
      return revision;
    },
    get: (type, key) => types.get(type)?.get(key),
    list: (type) => objectsOf(type),
    listAt: (type, at) => {
      if (at === revision) return objectsOf(type);
      const events = at > revision ? undefined : historyOf(type).after(at);
      return events && undo(objectsOf(type), events);
    },
    eventsAfter: (type, after) => (after > revision ? undefined : historyOf(type).after(after)),
    subscribe: (listener) => listeners.add(listener),
    write: (work) => enqueue(work, true),
    rehearse: (work) => enqueue(work, false),
    close: async () => {
      closed = true;
      await running;
      await journal.close();
    },
  };
}

function* allEntries(types: ReadonlyMap<string, Objects>): Generator<Entry> {
  for (const [type, objects] of types) {
    for (const [key, object] of objects) yield { type, key, object };
  }
}
