/**
 * Withdraws services from control planes that this agent has left. What cannot be withdrawn at once is remembered and
 * tried again until it is gone, also after a restart.
 *
 * Connectors stay: they are this machine's identity there, and count as away once their lease runs out.
 */
import { createBackoff } from '#base/backoff.ts';
import type { Cancel, Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import { kinds, type Kind } from '#contract/resources/kinds.ts';
import type { KubernetesObject } from '#contract/resources/object-meta.ts';
import { createKubeClient, type KubeClient } from '#kube/client.ts';

import type { Publisher } from '../controllers/desired-resources.ts';
import { problemOfFailure } from '../controllers/kube-problem.ts';
import { isOwn } from '../controllers/plan-service.ts';
import type { AgentStore } from '../state/agent-store.ts';
import type { SavedControlPlane, SavedLeftBehind, SavedState } from '../state/saved-state.ts';
import { readTarget, type ControlPlaneTarget } from './control-plane-target.ts';

export type LeftBehind = {
  /** What could not be withdrawn so far, and why. */
  readonly problems: readonly Problem[];
  onChange(listener: () => void): () => void;
  /** Tries now, and again later if need be. Resolves once everything was tried, in a few seconds. Never rejects. */
  attempt(): Promise<void>;
  stop(): Promise<void>;
};

/** Somebody waits for the next control plane. */
const withinMs = 5000;
const firstRetryMs = 5000;
const maxRetryMs = 300_000;

const sameControlPlane = (a: SavedControlPlane, b: SavedControlPlane): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** `saved` once its present control plane is left for `next`: its services are to be withdrawn there. */
export function leaveFor(saved: SavedState, next: SavedControlPlane, services: readonly string[]): SavedState {
  const { controlPlane, leftBehind } = saved;
  if (controlPlane.kind === 'none' || services.length === 0) return { ...saved, controlPlane: next };
  const before = leftBehind.find((entry) => sameControlPlane(entry.controlPlane, controlPlane))?.services ?? [];
  const others = leftBehind.filter((entry) => !sameControlPlane(entry.controlPlane, controlPlane));
  const entry: SavedLeftBehind = { controlPlane, services: [...new Set([...before, ...services])] };
  return { ...saved, controlPlane: next, leftBehind: [...others, entry] };
}

function nameOf(controlPlane: SavedControlPlane): string {
  return controlPlane.kind === 'kubeconfig' ? `the control plane “${controlPlane.context}”` : 'the playground';
}

async function withdraw(client: KubeClient, publisher: Publisher, names: readonly string[]): Promise<void> {
  const removeOwn = async <T extends KubernetesObject>(kind: Kind<T>, name: string): Promise<void> => {
    const resource = client.resource(kind);
    const key = { namespace: publisher.namespace, name };
    const object = await resource.get(key);
    if (object === null || !isOwn(object, publisher)) return;
    await resource.delete(key, object.metadata.uid === undefined ? {} : { uid: object.metadata.uid });
  };
  for (const name of names) {
    // The advertisement first: it is what lets traffic through.
    await removeOwn(kinds.connectorAdvertisement, name);
    await removeOwn(kinds.httpProxy, name);
  }
}

export function createLeftBehind(options: {
  readonly store: AgentStore;
  /** Names of the services that are wanted on the control plane of now. */
  readonly wanted: () => readonly string[];
  /** Path of the playground's kubeconfig for the agent. */
  readonly playgroundKubeconfig: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): LeftBehind {
  const { store, clock, random, log } = options;
  const changes = createListeners<void>();
  const ending = new AbortController();
  const backoff = createBackoff({ firstMs: firstRetryMs, capMs: maxRetryMs, random });
  const reasons = new Map<string, string>();
  let passes: Promise<void> = Promise.resolve();
  let cancelRetry: Cancel = () => {};

  const read = (chosen: SavedControlPlane): Promise<ControlPlaneTarget> =>
    readTarget(chosen, options.playgroundKubeconfig);

  /** Names that are to go: what is published anew on the same control plane, by whatever way, stays. */
  const toWithdraw = async ({ services }: SavedLeftBehind, { key }: ControlPlaneTarget): Promise<readonly string[]> => {
    const present = await read(store.saved.controlPlane).catch(() => null);
    if (present?.key !== key) return services;
    return services.filter((name) => !options.wanted().includes(name));
  };

  const withdrawFrom = async (entry: SavedLeftBehind): Promise<void> => {
    const target = await read(entry.controlPlane);
    const connector = store.saved.connectors[target.key]?.name;
    // Without a connector nothing was ever published there.
    if (connector === undefined) return;
    const client = createKubeClient(target.kubeConfig);
    const close = (): void => client.close();
    const cancel = clock.after(withinMs, close);
    ending.signal.addEventListener('abort', close);
    try {
      await withdraw(client, { namespace: target.namespace, connector }, await toWithdraw(entry, target));
    } finally {
      cancel();
      ending.signal.removeEventListener('abort', close);
      close();
    }
  };

  const tryEntry = async (entry: SavedLeftBehind): Promise<void> => {
    const id = JSON.stringify(entry.controlPlane);
    try {
      await withdrawFrom(entry);
      await store.update((saved) => ({
        ...saved,
        leftBehind: saved.leftBehind.filter(({ controlPlane }) => !sameControlPlane(controlPlane, entry.controlPlane)),
      }));
      reasons.delete(id);
    } catch (error) {
      const about = { kind: kinds.httpProxy.kind, server: nameOf(entry.controlPlane) };
      reasons.set(id, problemOfFailure(error, about).detail);
      log.warn('services of a control plane that was left could not be withdrawn', { error });
    }
    changes.emit();
  };

  const pass = async (): Promise<void> => {
    cancelRetry();
    await Promise.all(store.saved.leftBehind.map(tryEntry));
    if (store.saved.leftBehind.length === 0) backoff.reset();
    else if (!ending.signal.aborted) cancelRetry = clock.after(backoff.next(), () => void attempt());
  };

  const attempt = (): Promise<void> => {
    passes = passes.then(pass);
    return passes;
  };

  return {
    get problems() {
      return store.saved.leftBehind.flatMap(({ controlPlane, services }) => {
        const reason = reasons.get(JSON.stringify(controlPlane));
        // What is published on a playground that does not run reaches nobody, and goes when it runs again.
        if (reason === undefined || controlPlane.kind !== 'kubeconfig') return [];
        const values = { controlPlane: nameOf(controlPlane), services: services.join(', '), reason };
        return [problemOf('SP_LEFT_BEHIND', values)];
      });
    },
    onChange: (listener) => changes.add(listener),
    attempt,
    stop: async () => {
      ending.abort();
      await passes;
      cancelRetry();
    },
  };
}
