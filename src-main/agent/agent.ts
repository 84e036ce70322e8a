/**
 * The agent: puts its parts together and answers the calls of its API.
 *
 * Runs the same in Electron and headless; what differs (engine process, secret store) comes in.
 */
import { join } from 'node:path';

import { rfc3339, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { AgentState } from '#contract/agent-state.ts';
import type { TrafficTotals } from '#contract/engine.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';

import type { Device } from '../controllers/desired-resources.ts';
import { createServiceDiscovery } from '../discovery/discovery.ts';
import { listenersOf } from '../discovery/listing/listeners-of.ts';
import type { EngineLauncher } from '../engine-host/engine-launcher.ts';
import { openConnectorIdentity } from '../identity/connector-identity.ts';
import type { SecretStore } from '../identity/secret-store.ts';
import type { EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import type { PlaygroundProgram } from '../playground/playground-parts.ts';
import { agentKubeconfigPath } from '../playground/playground-files.ts';
import { createPlayground } from '../playground/playground.ts';
import { createServiceRegistry } from '../services/service-registry.ts';
import { openAgentStore } from '../state/agent-store.ts';
import { makePrivateDirectory } from '../state/private-files.ts';
import { createAgentHandlers } from './agent-handlers.ts';
import { createControlPlaneHost } from './control-plane-host.ts';
import { createControlPlaneSession } from './control-plane-session.ts';
import { createLeftBehind } from './left-behind.ts';
import { createStatePublisher } from './state-publisher.ts';
import { createStateSource } from './state-source.ts';
import { createTrafficRecorder } from './traffic-recorder.ts';
import { createWithdrawal } from './withdrawal.ts';

export type AgentOptions = {
  readonly version: string;
  readonly profile: string;
  readonly runtime: AgentState['agent']['runtime'];
  readonly pid: number;
  /** The profile's folder. */
  readonly directory: string;
  readonly engineLauncher: EngineLauncher;
  readonly secrets: SecretStore;
  readonly playground: PlaygroundProgram;
  /** Where local sockets stand, apart from folder and name. */
  readonly endpoint: Omit<EndpointLocation, 'directory' | 'name'>;
  readonly device: Device;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** One JSON line of the engine's own log. */
  readonly onEngineLogLine?: (line: string) => void;
  /** A new link to the window in a browser; null, as without it, while none is served. */
  readonly newWebLink?: () => string | null;
};

export type Agent = {
  readonly handlers: AgentHandlers;
  /** The present state. */
  readonly state: AgentState;
  start(): Promise<void>;
  /** Ends everything in order; `ephemeral` first withdraws what clients held. */
  stop(options: { readonly withdraw: 'ephemeral' | 'none' }): Promise<void>;
};

/** The processes that a state tells of. */
function processesOf({ agent, engine, controlPlane }: AgentState): ReadonlySet<number> {
  const parts = controlPlane.kind === 'playground' ? controlPlane.parts : [];
  return new Set([agent.pid, engine.pid, ...parts.map(({ pid }) => pid)].filter((pid) => pid !== null));
}

const noTraffic: TrafficTotals = { requests: 0, bytesIn: 0, bytesOut: 0, activeStreams: 0 };

/** Opens the profile's state; nothing runs before `start`. */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { directory, version, profile, runtime, pid, clock, random, log } = options;
  await makePrivateDirectory(directory);
  const store = await openAgentStore({ path: join(directory, 'state.json'), clock, log });
  const services = createServiceRegistry({ store, clock });

  const playgroundDirectory = join(directory, 'playground');
  const playgroundKubeconfig = agentKubeconfigPath(playgroundDirectory);
  const leftBehind = createLeftBehind({
    store,
    wanted: () => services.list().flatMap(({ name, removing }) => (removing ? [] : [name])),
    playgroundKubeconfig,
    clock,
    random,
    log,
  });
  const host = createControlPlaneHost({
    playgroundKubeconfig,
    onLeaving: () => leftBehind.attempt(),
    createPlayground: () =>
      createPlayground({
        directory: playgroundDirectory,
        program: options.playground,
        endpoint: options.endpoint,
        clock,
        random,
        log,
      }),
    openSession: async ({ key: controlPlaneKey, kubeConfig, namespace }) => {
      const identity = await openConnectorIdentity({
        directory: join(directory, 'identity'),
        controlPlaneKey,
        secrets: options.secrets,
      });
      return createControlPlaneSession({
        controlPlaneKey,
        kubeConfig,
        namespace,
        identity,
        store,
        services,
        engineLauncher: options.engineLauncher,
        agentVersion: options.version,
        device: options.device,
        holderIdentity: `${options.device.name}/${options.profile}`,
        clock,
        random,
        log,
        ...(options.onEngineLogLine === undefined ? {} : { onLogLine: options.onEngineLogLine }),
      });
    },
    clock,
    random,
    log,
  });

  const source = createStateSource({
    host,
    services,
    leftBehind,
    store,
    about: { version, profile, runtime, pid, startedAt: rfc3339(clock.now()) },
    clock,
    touch: () => publisher.touch(),
  });
  const publisher = createStatePublisher({ project: () => source.project(), clock });
  const traffic = createTrafficRecorder({ totals: () => host.session?.engine.traffic ?? noTraffic, clock });
  host.onChange(() => publisher.touch());
  services.onChange(() => publisher.touch());
  leftBehind.onChange(() => publisher.touch());
  store.onProblem(() => publisher.touch());

  const withdrawal = createWithdrawal({
    services,
    mayHavePublished: (name) => host.session?.publication?.mayHavePublished(name) ?? false,
    clock,
  });
  const discovery = createServiceDiscovery({
    listListeners: listenersOf(options.endpoint.platform, options.env),
    ownPids: () => processesOf(publisher.current()),
    knownServices: () => services.list(),
    homeDirectory: options.homeDirectory,
    clock,
    log,
  });
  const handlers = createAgentHandlers({
    ...options,
    host,
    leftBehind,
    store,
    services,
    discovery,
    withdrawal,
    publisher,
    traffic,
  });

  return {
    handlers,
    get state() {
      return publisher.current();
    },
    start: async () => {
      traffic.start();
      await host.follow(store.saved.controlPlane);
      void leftBehind.attempt();
    },
    stop: async ({ withdraw }) => {
      if (withdraw === 'ephemeral' && !(await withdrawal.withdrawEphemeral())) {
        log.warn('not everything could be withdrawn');
      }
      traffic.stop();
      publisher.stop();
      source.stop();
      await leftBehind.stop();
      await host.stop();
      await store.close();
    },
  };
}
