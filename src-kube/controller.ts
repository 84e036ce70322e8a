/**
 * A level-based controller: keys come in from informers, `reconcile` closes the gap between desired and observed.
 *
 * A missed event costs nothing, since every key comes round again after `resyncMs`.
 */
import type { Cancel, Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { createWorkQueue, type WorkResult } from '#base/work-queue.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import type { Informer } from './informer.ts';
import { KubeError } from './kube-error.ts';
import { formatKey, parseKey, type ObjectKey } from './object-key.ts';

export type ControllerOptions = {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Reads the world and closes the gap for one object. Throwing means: again, later each time. */
  readonly reconcile: (key: ObjectKey) => Promise<WorkResult | void>;
  readonly resyncMs?: number;
  readonly concurrency?: number;
};

export type Controller = {
  /** Every change of an object of `informer` enqueues the keys that `keysOf` names. Before `start` only. */
  watch<T extends KubernetesObject>(informer: Informer<T>, keysOf: (object: T) => readonly ObjectKey[]): void;
  enqueue(key: ObjectKey): void;
  /** Resolves once all watched informers have their first list and work has begun. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when no key waits or is worked on right now. */
  idle(): Promise<void>;
};

const defaultResyncMs = 10 * 60_000;

/** A conflict is somebody else's write in between: routine, and gone with the next read. */
function isRoutine(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

export function createController(options: ControllerOptions): Controller {
  const { clock, random, reconcile } = options;
  const log = options.log.child({ controller: options.name });
  const resyncMs = options.resyncMs ?? defaultResyncMs;
  const starting = new AbortController();
  const sources: { readonly synced: (signal: AbortSignal) => Promise<void>; readonly enqueueAll: () => void }[] = [];
  const unsubscribes: (() => void)[] = [];
  let started = false;
  let cancelResync: Cancel = () => {};
  let passes = 0;

  const queue = createWorkQueue({
    clock,
    random,
    concurrency: options.concurrency ?? 1,
    work: async (text) => {
      passes += 1;
      log.debug('reconciling', { key: text, pass: passes });
      return reconcile(parseKey(text));
    },
    onError: (key, error, retryInMs) => {
      if (isRoutine(error)) log.debug('conflict, reading again', { key, retryInMs });
      else log.warn('reconcile failed', { key, retryInMs, error });
    },
  });

  const enqueue = (key: ObjectKey): void => {
    if (started) queue.add(formatKey(key));
  };

  const resync = (): void => {
    for (const { enqueueAll } of sources) enqueueAll();
    // Up to a tenth more, so that controllers do not all wake at once.
    cancelResync = clock.after(resyncMs * (1 + random() / 10), resync);
  };

  return {
    watch: (informer, keysOf) => {
      const enqueueOf = (object: Parameters<typeof keysOf>[0]): void => {
        for (const key of keysOf(object)) enqueue(key);
      };
      sources.push({
        synced: (signal) => informer.synced(signal),
        enqueueAll: () => {
          for (const object of informer.list()) enqueueOf(object);
        },
      });
      unsubscribes.push(informer.onChange(enqueueOf));
    },
    enqueue,
    start: async () => {
      await Promise.all(sources.map(({ synced }) => synced(starting.signal)));
      if (starting.signal.aborted) return;
      started = true;
      resync();
    },
    stop: async () => {
      starting.abort();
      cancelResync();
      for (const unsubscribe of unsubscribes) unsubscribe();
      await queue.stop();
    },
    idle: () => queue.idle(),
  };
}
