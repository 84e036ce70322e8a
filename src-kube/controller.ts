/**
 * A level-based controller: keys come in from informers, `reconcile` closes the gap between desired and observed.
 *
 * A missed event costs nothing, since every key comes round again after `resyncMs`.
 */
import type { Cancel, Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { createWorkQueue, type WorkResult } from '#base/work-queue.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import type { Informer } from './informer.ts';
import { KubeError } from './kube-error.ts';
import { formatKey, parseKey, type ObjectKey } from './object-key.ts';

export type ControllerOptions = {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /**
   * Reads the world and closes the gap for one object. Throwing means: again, later each time. `log` marks its lines with
   * the key and the pass.
   */
  readonly reconcile: (key: ObjectKey, log: Logger) => Promise<WorkResult | void>;
  readonly resyncMs?: number;
  readonly concurrency?: number;
};

export type Controller = {
  /** Every change of an object of `informer` enqueues the keys that `keysOf` names. Before `start` only. */
  watch<T extends KubernetesObject>(informer: Informer<T>, keysOf: (object: T) => readonly ObjectKey[]): void;
  /** Looks at `key` soon; before `start` it is remembered. */
  enqueue(key: ObjectKey): void;
  /** Resolves once all watched informers have their first list and work has begun. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when no key waits or is worked on right now. */
  idle(): Promise<void>;
};

const defaultResyncMs = 10 * 60_000;

/** After an error that a person or a changed object must end; the change itself brings the key back at once. */
const slowRetryMs = 30_000;

type Retry = { readonly kind: 'routine' | 'transient' | 'lasting'; readonly minMs: number };

/** How an error is retried, decided by status and class. */
function retryOf(error: unknown): Retry {
  if (error instanceof KubeError) {
    // Somebody else's write came in between: gone with the next read.
    if (error.status === 409) return { kind: 'routine', minMs: 0 };
    if (error.status === 401 || error.status === 403 || error.status === 422) {
      return { kind: 'lasting', minMs: slowRetryMs };
    }
    return { kind: 'transient', minMs: error.retryAfterMs ?? 0 };
  }
  const isLasting = error instanceof AgentError && (error.class === 'user' || error.class === 'terminal');
  return isLasting ? { kind: 'lasting', minMs: slowRetryMs } : { kind: 'transient', minMs: 0 };
}

/** Two failures with the same signature are the same news. */
function signatureOf(error: unknown): string {
  if (error instanceof KubeError) return `${error.status} ${error.reason}`;
  if (error instanceof AgentError) return error.code;
  return String(error);
}

export function createController(options: ControllerOptions): Controller {
  const { clock, random, reconcile } = options;
  const log = options.log.child({ controller: options.name });
  const resyncMs = options.resyncMs ?? defaultResyncMs;
  const starting = new AbortController();
  const sources: { readonly synced: (signal: AbortSignal) => Promise<void>; readonly enqueueObjects: () => void }[] =
    [];
  const unsubscribes: (() => void)[] = [];
  const enqueuedEarly = new Set<string>();
  /** What each failing key failed with last, so that a lasting failure is one line in the log, not one a retry. */
  const failing = new Map<string, string>();
  let started = false;
  let cancelResync: Cancel = () => {};
  let passes = 0;
  /** The pass that each key is in; a key is in one at most. */
  const passOf = new Map<string, number>();

  const queue = createWorkQueue({
    clock,
    random,
    concurrency: options.concurrency ?? 1,
    // Up to a tenth more, so that what was refused together does not come back together.
    minRetryMs: (error) => retryOf(error).minMs * (1 + random() / 10),
    work: async (text) => {
      passes += 1;
      passOf.set(text, passes);
      const passLog = log.child({ key: text, reconcileId: passes });
      passLog.debug('reconciling');
      const result = await reconcile(parseKey(text), passLog);
      failing.delete(text);
      passOf.delete(text);
      return result;
    },
    onError: (key, error, retryInMs) => {
      const signature = signatureOf(error);
      const isRepeated = failing.get(key) === signature;
      failing.set(key, signature);
      const fields = { key, reconcileId: passOf.get(key), retryInMs, error };
      if (retryOf(error).kind === 'routine') log.debug('conflict, reading again', fields);
      else if (isRepeated) log.debug('reconcile failed again', fields);
      else log.warn('reconcile failed', fields);
    },
  });

  const enqueue = (key: ObjectKey): void => {
    if (started) queue.add(formatKey(key));
    else enqueuedEarly.add(formatKey(key));
  };

  const enqueueAll = (): void => {
    for (const { enqueueObjects } of sources) enqueueObjects();
  };

  const scheduleResync = (): void => {
    // Up to a tenth more, so that controllers do not all wake at once.
    cancelResync = clock.after(resyncMs * (1 + random() / 10), () => {
      enqueueAll();
      scheduleResync();
    });
  };

  return {
    watch: (informer, keysOf) => {
      const enqueueOf = (object: Parameters<typeof keysOf>[0]): void => {
        for (const key of keysOf(object)) enqueue(key);
      };
      sources.push({
        synced: (signal) => informer.synced(signal),
        enqueueObjects: () => {
          for (const object of informer.list()) enqueueOf(object);
        },
      });
      unsubscribes.push(informer.onChange(enqueueOf));
    },
    enqueue,
    start: async () => {
      await Promise.all(sources.map(({ synced }) => synced(starting.signal)));
      if (starting.signal.aborted) return;
      // What is there joins what was enqueued early, so that each key begins with one pass.
      enqueueAll();
      started = true;
      scheduleResync();
      for (const key of enqueuedEarly) queue.add(key);
      enqueuedEarly.clear();
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
