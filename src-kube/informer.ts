/**
 * A local copy of the objects of one kind, kept current by list and watch.
 *
 * While the server is away the last known objects stay and `health` says so. Nothing is lost by a break: a watch resumes
 * where it ended, and where the history is gone (410) a new list gives the difference.
 */
import { createBackoff } from '#base/backoff.ts';
import { sleep, type Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import type { ListOptions, ResourceClient, WatchEvent } from './client.ts';
import { errorOfThrown, type KubeError } from './kube-error.ts';
import { formatKey, keyOf, type ObjectKey } from './object-key.ts';

export type Change = 'added' | 'modified' | 'deleted';

export type InformerHealth = {
  /** True from a watch's acceptance until a call fails; between two watches of a healthy server it stays true. */
  readonly connected: boolean;
  /** Why it is not connected; null before the first answer. */
  readonly error: KubeError | null;
};

export type Informer<T extends KubernetesObject> = {
  /** Begins to list and watch. Calling it again does nothing, also after `stop`. */
  start(): void;
  /** Resolves once no call is under way any more. The objects stay readable. */
  stop(): Promise<void>;
  /** Resolves once the first list is in, or when `signal` aborts or the informer stops; `hasSynced` tells which. */
  synced(signal?: AbortSignal): Promise<void>;
  readonly hasSynced: boolean;
  get(key: ObjectKey): T | undefined;
  list(): readonly T[];
  /** Returns the function that takes the listener off again. */
  onChange(listener: (object: T, change: Change) => void): () => void;
  readonly health: InformerHealth;
  onHealth(listener: (health: InformerHealth) => void): () => void;
};

export type InformerOptions<T extends KubernetesObject> = {
  readonly resource: ResourceClient<T>;
  readonly list?: ListOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: Partial<InformerTiming>;
};

/** Bounds, in milliseconds. */
export type InformerTiming = {
  /** How long the server is asked to keep a watch open, up to a quarter more, so that clients do not return together. */
  readonly watchMs: number;
  /** How much longer than asked a watch may stay open before it counts as dead: half-open connections look idle. */
  readonly graceMs: number;
  /** A connection that lasts this long is a good one: the back-off starts over. */
  readonly stableMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
};

const defaultTiming: InformerTiming = {
  // A laptop that changes networks is left with half-open connections: this bounds how long it believes them.
  watchMs: 60_000,
  graceMs: 10_000,
  stableMs: 5000,
  firstRetryMs: 200,
  maxRetryMs: 15_000,
};

/** True if going on from the same version would fail again: it is forgotten (410), unknown (504) or malformed. */
function mustListAgain({ status }: KubeError): boolean {
  const isRefusal = status >= 400 && status < 500;
  const isAboutCaller = status === 401 || status === 403 || status === 429;
  return (isRefusal && !isAboutCaller) || status === 504;
}

export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const { resource, clock, random } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const log = options.log.child({ informer: resource.kind.plural });
  const objects = new Map<string, T>();
  const changes = createListeners<{ readonly object: T; readonly change: Change }>();
  const healthChanges = createListeners<InformerHealth>();
  const syncWaiters = new Set<() => void>();
  const stopping = new AbortController();
  const backoff = createBackoff({ firstMs: timing.firstRetryMs, capMs: timing.maxRetryMs, random });
  let health: InformerHealth = { connected: false, error: null };
  let hasSynced = false;
  /** Where the next watch goes on from; null means: list first. */
  let resumeFrom: string | null = null;
  let running: Promise<void> | null = null;

  /** One listener's bug must not cost the others the event, nor end the watch. */
  const guarded =
    <E>(listener: (event: E) => void) =>
    (event: E): void => {
      try {
        listener(event);
      } catch (error) {
        log.error('listener failed', { error });
      }
    };

  /** Returns whether that is news. */
  const setHealth = (next: InformerHealth): boolean => {
    const changed =
      next.connected !== health.connected ||
      next.error?.status !== health.error?.status ||
      next.error?.reason !== health.error?.reason;
    health = next;
    if (changed) healthChanges.emit(next);
    return changed;
  };

  const release = (): void => {
    for (const waiter of syncWaiters) waiter();
    syncWaiters.clear();
  };

  const remove = (key: string, last: T): void => {
    if (objects.delete(key)) changes.emit({ object: last, change: 'deleted' });
  };

  const put = (object: T): void => {
    const key = formatKey(keyOf(object));
    let known = objects.get(key);
    if (known !== undefined && known.metadata.uid !== object.metadata.uid) {
      // Another object under the same name: the deletion of the old one happened unseen.
      remove(key, known);
      known = undefined;
    }
    if (known !== undefined && known.metadata.resourceVersion === object.metadata.resourceVersion) return;
    objects.set(key, object);
    changes.emit({ object, change: known === undefined ? 'added' : 'modified' });
  };

  const relist = async (): Promise<void> => {
    const { items, resourceVersion } = await resource.list({ ...options.list, signal: stopping.signal });
    const present = new Set(items.map((object) => formatKey(keyOf(object))));
    for (const [key, object] of objects) if (!present.has(key)) remove(key, object);
    for (const object of items) put(object);
    resumeFrom = resourceVersion;
    hasSynced = true;
    release();
  };

  const onEvent = ({ type, object }: WatchEvent<T>): void => {
    if (type === 'DELETED') remove(formatKey(keyOf(object)), object);
    else if (type !== 'BOOKMARK') put(object);
    resumeFrom = object.metadata.resourceVersion ?? resumeFrom;
  };

  const watch = async (resourceVersion: string): Promise<void> => {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const watchMs = timing.watchMs * (1 + random() / 4);
    // Whatever has come until then: a server that keeps to what it was asked is done before.
    const cancel = clock.after(watchMs + timing.graceMs, () => {
      log.info('watch is silent, opening another');
      end();
    });
    stopping.signal.addEventListener('abort', end);
    try {
      await resource.watch({
        ...options.list,
        resourceVersion,
        signal: ending.signal,
        timeoutSeconds: Math.max(1, Math.round(watchMs / 1000)),
        onOpen: () => setHealth({ connected: true, error: null }),
        onEvent,
      });
    } finally {
      cancel();
      stopping.signal.removeEventListener('abort', end);
    }
  };

  /** One list if it is needed and one watch; returns how long to wait before the next, in milliseconds. */
  const connect = async (): Promise<number> => {
    const startedAt = clock.monotonic();
    const isStable = (): boolean => clock.monotonic() - startedAt >= timing.stableMs;
    try {
      if (resumeFrom === null) await relist();
      await watch(resumeFrom ?? '');
      // A server that ends watches at once must not be asked in a tight loop.
      if (!isStable()) return backoff.next();
      backoff.reset();
      return 0;
    } catch (thrown) {
      const error = errorOfThrown(thrown);
      if (stopping.signal.aborted) return 0;
      if (isStable()) backoff.reset();
      const retryInMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
      if (mustListAgain(error)) resumeFrom = null;
      const { status, reason } = error;
      // Forgotten history is routine, and the list that follows tells how the server is.
      if (status === 410) log.debug('history is gone, listing again', { retryInMs });
      else if (setHealth({ connected: false, error }))
        log.warn('list or watch failed', { status, reason, retryInMs, error });
      else log.debug('list or watch failed again', { status, reason, retryInMs });
      return retryInMs;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const waitMs = await connect();
      if (waitMs > 0) await sleep(clock, waitMs, stopping.signal);
    }
  };

  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      stopping.abort();
      release();
      await running;
    },
    synced: (signal) =>
      new Promise((resolve) => {
        if (hasSynced || stopping.signal.aborted || signal?.aborted === true) {
          resolve();
          return;
        }
        const finish = (): void => {
          syncWaiters.delete(finish);
          signal?.removeEventListener('abort', finish);
          resolve();
        };
        syncWaiters.add(finish);
        signal?.addEventListener('abort', finish);
      }),
    get hasSynced() {
      return hasSynced;
    },
    get: (key) => objects.get(formatKey(key)),
    list: () => [...objects.values()],
    onChange: (listener) => changes.add(guarded(({ object, change }) => listener(object, change))),
    get health() {
      return health;
    },
    onHealth: (listener) => healthChanges.add(guarded(listener)),
  };
}
