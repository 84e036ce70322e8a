/**
 * The agent's life on one control plane: who it is there, the tunnel engine under that identity, and what it publishes.
 *
 * Another control plane is another session with another key; nothing is carried over but the services.
 */
import type { KubeConfig } from '@kubernetes/client-node';

import { createBackoff } from '#base/backoff.ts';
import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import { createPause } from '#base/pause.ts';
import type { Problem } from '#contract/errors/agent-error.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient, KubeError } from '#kube/client.ts';

import { resolveConnector } from '../controllers/connector-name.ts';
import type { Device } from '../controllers/desired-resources.ts';
import { problemOfFailure } from '../controllers/kube-problem.ts';
import { createEngineHost, type EngineHost } from '../engine-host/engine-host.ts';
import type { EngineLauncher } from '../engine-host/engine-launcher.ts';
import type { ConnectorIdentity } from '../identity/connector-identity.ts';
import type { ServiceRegistry } from '../services/service-registry.ts';
import type { AgentStore } from '../state/agent-store.ts';
import type { SavedConnector } from '../state/saved-state.ts';
import { createPublication, type Publication } from './publication.ts';

export type Reachability =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'unreachable' | 'denied'; readonly problem: Problem };

export type ControlPlaneSession = {
  readonly server: string;
  readonly identity: ConnectorIdentity;
  readonly engine: EngineHost;
  /** Null until it is known which connector this agent is. */
  readonly publication: Publication | null;
  readonly reachability: Reachability;
  onChange(listener: () => void): () => void;
  start(): void;
  /** Makes now what is waited for. */
  retryNow(): void;
  /** Drains the tunnel and ends everything. */
  stop(): Promise<void>;
};

export type SessionOptions = {
  /** Names the control plane in the saved state. */
  readonly controlPlaneKey: string;
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
  readonly identity: ConnectorIdentity;
  readonly store: AgentStore;
  readonly services: ServiceRegistry;
  readonly engineLauncher: EngineLauncher;
  readonly agentVersion: string;
  readonly device: Device;
  /** Tells this agent from one on another machine that has a copy of the profile. */
  readonly holderIdentity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onLogLine?: (line: string) => void;
};

const drainGraceMs = 3000;
const firstRetryMs = 200;
const maxRetryMs = 10_000;

export function createControlPlaneSession(options: SessionOptions): ControlPlaneSession {
  const { controlPlaneKey, namespace, identity, store, services, device, clock, random, log } = options;
  const client = createKubeClient(options.kubeConfig);
  const changes = createListeners<void>();
  const touch = (): void => changes.emit();
  const ending = new AbortController();
  const pause = createPause({ clock, signal: ending.signal });
  const engine = createEngineHost({
    launcher: options.engineLauncher,
    privateKey: identity.privateKey,
    agentVersion: options.agentVersion,
    drainGraceMs,
    clock,
    random,
    log,
    ...(options.onLogLine === undefined ? {} : { onLogLine: options.onLogLine }),
  });
  engine.onChange(touch);
  let publication: Publication | null = null;
  let reachability: Reachability = { kind: 'connecting' };
  let running: Promise<void> = Promise.resolve();

  const setReachability = (next: Reachability): void => {
    reachability = next;
    touch();
  };

  const failed = (error: unknown): void => {
    const denied = error instanceof KubeError && (error.status === 401 || error.status === 403);
    const problem = problemOfFailure(error, { kind: 'Connector', server: client.server });
    setReachability({ kind: denied ? 'denied' : 'unreachable', problem });
  };

  const judge = (current: Publication): void => {
    if (current.isConnected) setReachability({ kind: 'connected' });
    else if (current.failure !== null) failed(current.failure);
  };

  const remember = (connector: SavedConnector | null): Promise<void> =>
    store.update((saved) => {
      const { [controlPlaneKey]: known, ...others } = saved.connectors;
      if (connector !== null && known?.name === connector.name && known.uid === connector.uid) return saved;
      return { ...saved, connectors: connector === null ? others : { ...others, [controlPlaneKey]: connector } };
    });

  /** Does `work` until it succeeds; null if the session ends before. */
  const untilDone = async <T>(work: () => Promise<T>): Promise<T | null> => {
    const backoff = createBackoff({ firstMs: firstRetryMs, capMs: maxRetryMs, random });
    while (!ending.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        failed(error);
        await pause.wait(backoff.next());
      }
    }
    return null;
  };

  /** Decides who we are. */
  const settleName = async (): Promise<string> => {
    const connector = await resolveConnector({
      connectors: client.resource(kinds.connector),
      namespace,
      saved: store.saved.connectors[controlPlaneKey],
      publicKey: identity.publicKey,
      deviceName: device.name,
      random,
    });
    await remember(connector);
    return connector.name;
  };

  /** Publishes as `connector` until the session ends or the name turns out to be somebody else's. */
  const publishAs = async (connector: string): Promise<void> => {
    let foreign = false;
    await new Promise<void>((resolve) => {
      const current = createPublication({
        publisher: { namespace, connector },
        client,
        publicKey: identity.publicKey,
        device,
        holderIdentity: options.holderIdentity,
        services,
        engine,
        knownUid: () => store.saved.connectors[controlPlaneKey]?.uid ?? null,
        onSeen: (uid) => remember({ name: connector, uid }),
        onForeign: () => {
          foreign = true;
          resolve();
        },
        clock,
        random,
        log,
      });
      current.onChange(() => {
        judge(current);
        touch();
      });
      publication = current;
      current.start();
      ending.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await publication?.stop();
    if (!foreign || ending.signal.aborted) return;
    log.warn('the name belongs to another connector, taking a new one', { connector });
    publication = null;
    await untilDone(() => remember(null));
  };

  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const name = await untilDone(settleName);
      // The session may have ended while the name was being settled; nothing may start after that.
      if (name !== null && !ending.signal.aborted) await publishAs(name);
    }
  };

  return {
    server: client.server,
    identity,
    engine,
    get publication() {
      return publication;
    },
    get reachability() {
      return reachability;
    },
    onChange: (listener) => changes.add(listener),
    start: () => {
      engine.start();
      running = run().catch((error: unknown) => log.error('session failed', { error }));
    },
    retryNow: () => {
      pause.cutShort();
      engine.retryNow();
    },
    stop: async () => {
      ending.abort();
      // What is still under way to a control plane that does not answer is not worth waiting for.
      client.close();
      await running;
      await engine.stop();
    },
  };
}
