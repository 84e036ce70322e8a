/**
 * Typed access to the objects of one API server: every kind by the same few calls.
 */
import type { KubeConfig } from '@kubernetes/client-node';

import { apiVersionOf, type Kind } from '#contract/resources/kinds.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import { createHttpTransport, type HttpTransport, type TransportOptions } from './http-transport.ts';
import { isGone, KubeError } from './kube-error.ts';
import { keyOf, type ObjectKey } from './object-key.ts';
import { readWatch, type WatchEvent } from './watch.ts';

export { KubeError } from './kube-error.ts';
export type { ObjectKey } from './object-key.ts';
export type { WatchEvent } from './watch.ts';

export type ListOptions = {
  /** Left out: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
};

/** Objects as they were together at `resourceVersion`. */
export type ObjectList<T> = { readonly items: readonly T[]; readonly resourceVersion: string };

export type WatchOptions<T> = ListOptions & {
  /** The version to go on from, as a list or an earlier event gave it. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** How long the server is asked to keep the watch open. */
  readonly timeoutSeconds?: number;
  /** Called once the server has accepted the watch. */
  readonly onOpen?: () => void;
  readonly onEvent: (event: WatchEvent<T>) => void;
};

/** All calls reject with KubeError, within 15 s if there is no answer. */
export type ResourceClient<T extends KubernetesObject> = {
  readonly kind: Kind<T>;
  /** null if there is no such object. */
  get(key: ObjectKey): Promise<T | null>;
  list(options?: ListOptions & { readonly signal?: AbortSignal }): Promise<ObjectList<T>>;
  /** `metadata.generateName` is allowed instead of a name. */
  create(object: T): Promise<T>;
  /** PUT; `metadata.resourceVersion` guards against lost writes (409). */
  replace(object: T): Promise<T>;
  /** Merge patch (RFC 7396). */
  patch(key: ObjectKey, patch: object): Promise<T>;
  /** Merge patch of the status subresource. */
  patchStatus(key: ObjectKey, patch: object): Promise<T>;
  /** An object that is already gone is a success. With `uid`, only that very object is deleted (409 otherwise). */
  delete(key: ObjectKey, options?: { readonly uid?: string }): Promise<void>;
  /** Resolves when the server ends the watch or `signal` aborts. */
  watch(options: WatchOptions<T>): Promise<void>;
};

export type KubeClient = {
  /** Address of the API server. */
  readonly server: string;
  resource<T extends KubernetesObject>(kind: Kind<T>): ResourceClient<T>;
  /** Ends all calls under way and all connections. */
  close(): void;
};

type Page<T> = {
  readonly items?: readonly T[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
};

const mergePatch = 'application/merge-patch+json';

/** How long a watch is asked to last where its caller does not say. */
const defaultWatchSeconds = 300;
/** Objects asked for at once. */
const pageSize = 500;
/** Bounds a list against a server that never stops; a million objects. */
const maxPages = 2000;

function queryOf(options: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

function createResourceClient<T extends KubernetesObject>(transport: HttpTransport, kind: Kind<T>): ResourceClient<T> {
  const collection = (namespace: string | null | undefined): string =>
    `/apis/${kind.group}/${kind.version}` +
    (kind.namespaced && namespace !== null && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : '') +
    `/${kind.plural}`;
  const item = ({ namespace, name }: ObjectKey): string => `${collection(namespace)}/${encodeURIComponent(name)}`;
  // A list carries apiVersion and kind once, for all its items.
  const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  const selection = ({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> => ({
    labelSelector,
    fieldSelector,
  });

  const listPages = async (options: ListOptions & { readonly signal?: AbortSignal }): Promise<ObjectList<T>> => {
    const items: T[] = [];
    let next: string | undefined;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const page: Page<T> = await transport.send({
        method: 'GET',
        path: collection(options.namespace) + queryOf({ ...selection(options), limit: pageSize, continue: next }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      for (const object of page.items ?? []) items.push({ ...object, ...identity });
      next = page.metadata?.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
    }
    throw new KubeError(`The list has more than ${maxPages} pages`, { status: 0, reason: 'TooLong' });
  };

  return {
    kind,
    get: async (key) => {
      try {
        return await transport.send<T>({ method: 'GET', path: item(key) });
      } catch (error) {
        if (error instanceof KubeError && error.status === 404) return null;
        throw error;
      }
    },
    list: async (options = {}) => {
      try {
        return await listPages(options);
      } catch (error) {
        if (!isGone(error)) throw error;
        // The page token outlived the server's history; the second round is as good as a first.
        return listPages(options);
      }
    },
    create: (object) => transport.send({ method: 'POST', path: collection(object.metadata.namespace), body: object }),
    replace: (object) => transport.send({ method: 'PUT', path: item(keyOf(object)), body: object }),
    patch: (key, patch) => transport.send({ method: 'PATCH', path: item(key), body: patch, contentType: mergePatch }),
    patchStatus: (key, patch) =>
      transport.send({ method: 'PATCH', path: `${item(key)}/status`, body: patch, contentType: mergePatch }),
    delete: async (key, { uid } = {}) => {
      try {
        await transport.send({
          method: 'DELETE',
          path: item(key),
          ...(uid === undefined ? {} : { body: { preconditions: { uid } } }),
        });
      } catch (error) {
        if (!(error instanceof KubeError && error.status === 404)) throw error;
      }
    },
    watch: async ({ resourceVersion, signal, timeoutSeconds = defaultWatchSeconds, onOpen, onEvent, ...options }) => {
      const query = { ...selection(options), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds };
      try {
        await transport.stream(
          { method: 'GET', path: collection(options.namespace) + queryOf(query), signal },
          async (body) => {
            onOpen?.();
            await readWatch(body, onEvent);
          },
        );
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/**
 * A client for the current context of `kubeConfig`. Throws KubeError where the server is not https (NotEncrypted), would
 * not be verified (NotVerified) or is not named (NoCluster).
 */
export function createKubeClient(kubeConfig: KubeConfig, options: TransportOptions = {}): KubeClient {
  const transport = createHttpTransport(kubeConfig, options);
  return {
    server: transport.server,
    resource: (kind) => createResourceClient(transport, kind),
    close: () => transport.close(),
  };
}
