/**
 * The agent: puts its parts together and answers the calls of its API.
 *
 * Runs the same in Electron and headless; what differs (engine process, secret store) comes in.
 */
import { join } from 'node:path';

import { rfc3339, sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { AgentState, EngineProcessState, HealthWarning } from '#contract/agent-state.ts';
import type { TrafficTotals } from '#contract/engine.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';
import { defaultKubeconfigPath, readKubeconfig } from '#kube/kubeconfig.ts';

import type { Device } from '../controllers/desired-resources.ts';
import type { EngineLauncher } from '../engine-host/engine-launcher.ts';
import { openConnectorIdentity } from '../identity/connector-identity.ts';
import type { SecretStore } from '../identity/secret-store.ts';
import type { EndpointLocation } from '../local-endpoint/endpoint-path.ts';
import type { PlaygroundProgram } from '../playground/playground-parts.ts';
import { createPlayground } from '../playground/playground.ts';
import { createServiceRegistry, type Service } from '../services/service-registry.ts';
import { openAgentStore } from '../state/agent-store.ts';
import { makePrivateDirectory } from '../state/private-files.ts';
import type { SavedControlPlane } from '../state/saved-state.ts';
import { createControlPlaneHost } from './control-plane-host.ts';
import { createControlPlaneSession } from './control-plane-session.ts';
import { ladderFactsOf, projectService, type ServiceFacts, type SharedFacts } from './project-services.ts';
import {
  controlPlaneProblem,
  engineProblem,
  projectConnector,
  projectControlPlane,
  projectWarnings,
  type Warning,
} from './project-state.ts';
import { advanceLadder, type Ladder } from './service-ladder.ts';
import { createStatePublisher } from './state-publisher.ts';
import { createTrafficRecorder } from './traffic-recorder.ts';

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
};

export type Agent = {
  readonly handlers: AgentHandlers;
  /** The present state. */
  readonly state: AgentState;
  start(): Promise<void>;
  /** Ends everything in order; `ephemeral` first withdraws what clients held. */
  stop(options: { readonly withdraw: 'ephemeral' | 'none' }): Promise<void>;
};

/** How long deleting a service waits for the control plane; after that it goes on by itself. */
const removeWithinMs = 30_000;
const withdrawWithinMs = 8000;

const stoppedEngine: EngineProcessState = { phase: 'stopped', pid: null, restarts: 0, connections: [] };
const noTraffic: TrafficTotals = { requests: 0, bytesIn: 0, bytesOut: 0, activeStreams: 0 };

/** Opens the profile's state; nothing runs before `start`. */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { directory, clock, random, log } = options;
  await makePrivateDirectory(directory);
  const store = await openAgentStore({ path: join(directory, 'state.json'), clock, log });
  const services = createServiceRegistry({ store, clock });
  const startedAt = rfc3339(clock.now());
  const ladders = new Map<string, Ladder>();
  const warningsSince = new Map<string, string>();

  const host = createControlPlaneHost({
    createPlayground: () =>
      createPlayground({
        directory: join(directory, 'playground'),
        program: options.playground,
        endpoint: options.endpoint,
        clock,
        random,
        log,
      }),
    openSession: async ({ controlPlaneKey, kubeConfig, namespace }) => {
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

  /** Adds since when each warning holds. */
  const dated = (warnings: readonly Warning[]): readonly HealthWarning[] => {
    for (const code of warningsSince.keys()) {
      if (!warnings.some((warning) => warning.code === code)) warningsSince.delete(code);
    }
    return warnings.map((warning) => {
      const since = warningsSince.get(warning.code) ?? rfc3339(clock.now());
      warningsSince.set(warning.code, since);
      return { ...warning, since };
    });
  };

  const factsOf = (service: Service): ServiceFacts => {
    const publication = host.session?.publication ?? null;
    return {
      service,
      proxy: publication?.proxyOf(service.name),
      advertisement: publication?.advertisementOf(service.name),
      declareProblem: publication?.problemOf(service.name) ?? null,
    };
  };

  /** The service's ladder after this look at it. */
  const climb = (facts: ServiceFacts, shared: SharedFacts): Ladder | undefined => {
    const { name, enabled, removing } = facts.service;
    if (!enabled || removing) {
      ladders.delete(name);
      return undefined;
    }
    const ladder = advanceLadder(ladders.get(name), ladderFactsOf(facts, shared), clock.now());
    ladders.set(name, ladder);
    return ladder;
  };

  const project = (): Omit<AgentState, 'revision'> => {
    const { session } = host;
    const publication = session?.publication ?? null;
    const engine = session?.engine.state ?? stoppedEngine;
    const controlPlane = projectControlPlane({
      chosen: host.chosen,
      playground: host.playground?.state ?? null,
      session:
        session === null
          ? null
          : { server: session.server, namespace: host.namespace, reachability: session.reachability },
      problem: host.problem,
    });
    const connector = projectConnector({
      connector: publication?.connector,
      lease: publication?.lease ?? null,
      publicKey: session?.identity.publicKey ?? '',
    });
    const shared: SharedFacts = {
      engine,
      connectorReady: connector?.ready ?? false,
      problem:
        controlPlaneProblem(controlPlane) ??
        publication?.connectorProblem ??
        publication?.leaseProblem ??
        engineProblem(engine),
    };
    const warnings = projectWarnings({
      corruptBackup: store.corruptBackup,
      strength: session?.identity.strength ?? null,
      engine: engineProblem(engine),
      lease: publication?.leaseProblem ?? null,
      connector: publication?.connectorProblem ?? null,
      lacksEdges: publication?.lacksEdges === true && session !== null ? { server: session.server } : null,
    });
    const listed = services.list();
    for (const name of ladders.keys()) if (!listed.some((service) => service.name === name)) ladders.delete(name);
    const { version, profile, runtime, pid } = options;
    return {
      agent: { version, profile, runtime, pid, startedAt },
      controlPlane,
      connector,
      engine,
      services: listed.map((service) => {
        const facts = factsOf(service);
        return projectService(facts, shared, climb(facts, shared));
      }),
      warnings: dated(warnings),
    };
  };

  const publisher = createStatePublisher({ project, clock });
  const traffic = createTrafficRecorder({ totals: () => host.session?.engine.traffic ?? noTraffic, clock });
  host.onChange(() => publisher.touch());
  services.onChange(() => publisher.touch());

  const follow = async (chosen: SavedControlPlane): Promise<void> => {
    await store.update((saved) => ({ ...saved, controlPlane: chosen }));
    await host.follow(chosen);
  };

  /** Resolves once `isDone`, at the latest after `withinMs`; says whether it is. */
  const waitForServices = async (isDone: () => boolean, withinMs: number): Promise<boolean> => {
    if (isDone()) return true;
    const over = new AbortController();
    const unsubscribe = services.onChange(() => {
      if (isDone()) over.abort();
    });
    await sleep(clock, withinMs, over.signal);
    unsubscribe();
    return isDone();
  };

  const remove = async (name: string, caller: string): Promise<void> => {
    if (!(await services.remove(name, caller))) return;
    if (host.chosen.kind === 'none') {
      await services.forget(name);
      return;
    }
    if (await waitForServices(() => services.get(name) === undefined, removeWithinMs)) return;
    const reason = `“${name}” is withdrawn as soon as it answers.`;
    throw new AgentError('SP_CONTROL_PLANE_UNREACHABLE', { reason });
  };

  const handlers: AgentHandlers = {
    calls: {
      'state.get': () => Promise.resolve(publisher.current()),
      'controlPlane.usePlayground': async () => {
        const isUsed = host.chosen.kind === 'playground' && host.playground?.state.phase !== 'failed';
        if (!isUsed) await follow({ kind: 'playground' });
        return null;
      },
      'controlPlane.listContexts': async ({ path }) => {
        const loaded = await readKubeconfig(path ?? defaultKubeconfigPath(options.env, options.homeDirectory));
        const { path: read, contexts, currentContext } = loaded;
        return { path: read, contexts, currentContext };
      },
      'controlPlane.useKubeconfig': async ({ path, context }) => {
        // Refused now, with the reason, instead of remembered and tried for ever.
        (await readKubeconfig(path)).use(context);
        const { chosen } = host;
        const isUsed = chosen.kind === 'kubeconfig' && chosen.path === path && chosen.context === context;
        if (!isUsed) await follow({ kind: 'kubeconfig', path, context });
        return null;
      },
      'service.expose': async ({ name, host: target, port, ephemeral }, caller) => {
        if (host.chosen.kind === 'none') throw new AgentError('SP_CONTROL_PLANE_NOT_CHOSEN');
        await services.expose({ name, host: target, port, ephemeral: ephemeral ?? false }, caller);
        return null;
      },
      'service.setEnabled': async ({ name, enabled }) => {
        await services.setEnabled(name, enabled);
        return null;
      },
      'service.delete': async ({ name }, caller) => {
        await remove(name, caller.id);
        return null;
      },
    },
    watches: {
      'state.watch': (listener) => publisher.watch(listener),
      'traffic.watch': (listener) => traffic.watch(listener),
    },
  };

  return {
    handlers,
    get state() {
      return publisher.current();
    },
    start: async () => {
      traffic.start();
      await host.follow(store.saved.controlPlane);
    },
    stop: async ({ withdraw }) => {
      const isHeld = (service: Service): boolean => service.ephemeral;
      if (withdraw === 'ephemeral') {
        for (const { name } of services.list().filter(isHeld)) await services.remove(name);
        const gone = await waitForServices(() => !services.list().some(isHeld), withdrawWithinMs);
        if (!gone) log.warn('not everything could be withdrawn', { withinMs: withdrawWithinMs });
      }
      traffic.stop();
      publisher.stop();
      await host.stop();
    },
  };
}
