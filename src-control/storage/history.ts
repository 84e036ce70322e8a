/**
 * The latest changes of one resource type: what a watch resumes from and what older lists are rebuilt from. Bounded.
 */
import { keyOf, type ObjectKey, type StoredObject } from '../resources/stored-object.ts';

/** A committed change. `previous` is absent for a creation; `object` of a deletion is the last state. */
export type StoreEvent = {
  readonly revision: number;
  readonly type: string;
  readonly deleted: boolean;
  readonly object: StoredObject;
  readonly previous: StoredObject | undefined;
};

export type HistoryLimits = { readonly maxEvents: number; readonly maxBytes: number };

export type History = {
  add(event: StoreEvent, bytes: number): void;
  /** Revision of the newest change that is forgotten; earlier ones cannot be resumed from. */
  readonly forgotten: number;
  /** Changes after `revision`, oldest first; undefined when some of them are forgotten. */
  after(revision: number): readonly StoreEvent[] | undefined;
};

/** `start` is the revision before which nothing is known. */
export function createHistory(start: number, limits: HistoryLimits): History {
  let events: { readonly event: StoreEvent; readonly bytes: number }[] = [];
  let first = 0;
  let bytes = 0;
  let forgotten = start;

  const forgetOldest = (): void => {
    const oldest = events[first];
    if (oldest === undefined) return;
    first += 1;
    bytes -= oldest.bytes;
    forgotten = oldest.event.revision;
    // Cut the array only now and then: cutting it at each change would cost its length every time.
    if (first <= limits.maxEvents) return;
    events = events.slice(first);
    first = 0;
  };

  return {
    add: (event, size) => {
      events.push({ event, bytes: size });
      bytes += size;
      while (events.length - first > limits.maxEvents || (bytes > limits.maxBytes && events.length > first)) {
        forgetOldest();
      }
    },
    get forgotten() {
      return forgotten;
    },
    after: (revision) => {
      if (revision < forgotten) return undefined;
      let from = events.length;
      while (from > first && (events[from - 1]?.event.revision ?? 0) > revision) from -= 1;
      return events.slice(from).map(({ event }) => event);
    },
  };
}

/** `current` as it was before `events`, which are its latest changes, oldest first. */
export function undo(
  current: ReadonlyMap<ObjectKey, StoredObject>,
  events: readonly StoreEvent[],
): ReadonlyMap<ObjectKey, StoredObject> {
  const objects = new Map(current);
  for (const { object, previous } of events.toReversed()) {
    const key = keyOf(object);
    if (previous === undefined) objects.delete(key);
    else objects.set(key, previous);
  }
  return objects;
}
