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
import { isGone, KubeError } from './kube-error.ts';
import { formatKey, keyOf, type ObjectKey } from './object-key.ts';

export type Change = 'added' | 'modified' | 'deleted';

export type InformerHealth = {
  /** True while a watch is open or was ended in good order. */
  readonly connected: boolean;
  /** Why it is not connected. */
  readonly error: KubeError | null;
};

export type Informer<T extends KubernetesObject> = {
  start(): void;
  stop(): Promise<void>;
  /** Resolves once the first list is in, or when `signal` aborts. */
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
  /** How long the server is asked to keep a watch open. */
  readonly watchMs: number;
  /** How much longer a watch may stay silent before it counts as dead: half-open connections look idle. */
  readonly graceMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
};

const defaultTiming: InformerTiming = { watchMs: 120_000, graceMs: 10_000, firstRetryMs: 200, maxRetryMs: 15_000 };

function asKubeError(thrown: unknown): KubeError {
  if (thrown instanceof KubeError) return thrown;
  return new KubeError(String(thrown), { status: 0, reason: 'Unknown' }, { cause: thrown });
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

  const setHealth = (next: InformerHealth): void => {
    const changed = next.connected !== health.connected || next.error?.reason !== health.error?.reason;
    health = next;
    if (changed) healthChanges.emit(next);
  };

  const put = (object: T): void => {
    const key = formatKey(keyOf(object));
    const known = objects.get(key);
    if (known !== undefined && known.metadata.resourceVersion === object.metadata.resourceVersion) return;
    objects.set(key, object);
    changes.emit({ object, change: known === undefined ? 'added' : 'modified' });
  };

  const remove = (key: string, last: T): void => {
    if (objects.delete(key)) changes.emit({ object: last, change: 'deleted' });
  };

  const relist = async (): Promise<void> => {
    const { items, resourceVersion } = await resource.list(options.list);
    const present = new Set(items.map((object) => formatKey(keyOf(object))));
    for (const [key, object] of objects) if (!present.has(key)) remove(key, object);
    for (const object of items) put(object);
    resumeFrom = resourceVersion;
    hasSynced = true;
    for (const waiter of syncWaiters) waiter();
    syncWaiters.clear();
  };

  const onEvent = ({ type, object }: WatchEvent<T>): void => {
    if (type === 'DELETED') remove(formatKey(keyOf(object)), object);
    else if (type !== 'BOOKMARK') put(object);
    resumeFrom = object.metadata.resourceVersion ?? resumeFrom;
  };

  const watch = async (resourceVersion: string): Promise<void> => {
    const silence = new AbortController();
    const abort = (): void => silence.abort();
    stopping.signal.addEventListener('abort', abort);
    const cancel = clock.after(timing.watchMs + timing.graceMs, abort);
    setHealth({ connected: true, error: null });
    try {
      await resource.watch({
        ...options.list,
        resourceVersion,
        signal: silence.signal,
        timeoutSeconds: Math.max(1, Math.round(timing.watchMs / 1000)),
        onEvent: (event) => {
          backoff.reset();
          onEvent(event);
        },
      });
    } finally {
      cancel();
      stopping.signal.removeEventListener('abort', abort);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startedAt = clock.monotonic();
      try {
        if (resumeFrom === null) await relist();
        if (stopping.signal.aborted) return;
        await watch(resumeFrom ?? '');
        // A server that ends watches at once must not be asked in a tight loop.
        if (clock.monotonic() - startedAt >= 1000) backoff.reset();
        else await sleep(clock, backoff.next(), stopping.signal);
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        const error = asKubeError(thrown);
        if (isGone(error)) {
          resumeFrom = null;
          log.debug('history is gone, listing again');
          await sleep(clock, backoff.next(), stopping.signal);
          continue;
        }
        setHealth({ connected: false, error });
        const retryInMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
        log.warn('list or watch failed', { status: error.status, reason: error.reason, retryInMs, error });
        await sleep(clock, retryInMs, stopping.signal);
      }
    }
  };

  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
    synced: (signal) =>
      new Promise((resolve) => {
        if (hasSynced || signal?.aborted === true) {
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
    onChange: (listener) => changes.add(({ object, change }) => listener(object, change)),
    get health() {
      return health;
    },
    onHealth: (listener) => healthChanges.add(listener),
  };
}
