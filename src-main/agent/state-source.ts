/**
 * Reads all parts of the agent and makes its state of them; remembers what needs a memory: ladders and since when.
 */
import { rfc3339, type Clock } from '#base/clock.ts';
import type { AgentState, EngineProcessState, HealthWarning } from '#contract/agent-state.ts';

import type { Service, ServiceRegistry } from '../services/service-registry.ts';
import type { AgentStore } from '../state/agent-store.ts';
import type { ControlPlaneHost } from './control-plane-host.ts';
import type { LeftBehind } from './left-behind.ts';
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
import { createVisibleProblems } from './visible-problems.ts';

export type StateSource = {
  project(): Omit<AgentState, 'revision'>;
  stop(): void;
};

const stoppedEngine: EngineProcessState = { phase: 'stopped', pid: null, restarts: 0, retryAt: null, connections: [] };

export function createStateSource(options: {
  readonly host: ControlPlaneHost;
  readonly services: ServiceRegistry;
  readonly leftBehind: LeftBehind;
  readonly store: AgentStore;
  readonly about: AgentState['agent'];
  readonly clock: Clock;
  /** The state has changed by time alone. */
  readonly touch: () => void;
}): StateSource {
  const { host, services, leftBehind, store, about, clock, touch } = options;
  const ladders = new Map<string, Ladder>();
  const warningsSince = new Map<string, string>();
  const visibleProblems = createVisibleProblems({ clock, touch });

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

  /** What belongs to services that are gone. */
  const forget = (listed: readonly Service[]): void => {
    for (const name of ladders.keys()) {
      if (listed.some((service) => service.name === name)) continue;
      ladders.delete(name);
      visibleProblems.filter(name, null);
    }
  };

  const project = (): Omit<AgentState, 'revision'> => {
    const { session } = host;
    const publication = session?.publication ?? null;
    const engine = session?.engine.state ?? stoppedEngine;
    const controlPlane = projectControlPlane({
      chosen: host.chosen,
      playground: host.playground?.state ?? null,
      session: session && { server: session.server, namespace: host.namespace, reachability: session.reachability },
      problem: host.problem,
    });
    const connector = projectConnector({
      connector: publication?.connector,
      lease: publication?.lease ?? null,
      publicKey: session?.identity.publicKey ?? '',
    });
    const leaseProblem = publication?.leaseProblem ?? null;
    const connectorProblem = publication?.connectorProblem ?? null;
    const shared: SharedFacts = {
      engine,
      connectorReady: connector?.ready ?? false,
      problem: controlPlaneProblem(controlPlane) ?? connectorProblem ?? leaseProblem ?? engineProblem(engine),
    };
    const warnings = projectWarnings({
      store: store.problem,
      corruptBackup: store.corruptBackup,
      strength: session?.identity.strength ?? null,
      runtime: about.runtime,
      engine: engineProblem(engine),
      lease: leaseProblem,
      connector: visibleProblems.filter('', connectorProblem),
      leftBehind: leftBehind.problems,
      lacksEdges: publication?.lacksEdges === true && session !== null ? { server: session.server } : null,
    });
    const listed = services.list();
    forget(listed);
    return {
      agent: about,
      controlPlane,
      connector,
      engine,
      services: listed.map((service) => {
        const facts = factsOf(service);
        return projectService(facts, shared, climb(facts, shared), (problem) =>
          visibleProblems.filter(service.name, problem),
        );
      }),
      warnings: dated(warnings),
    };
  };

  return { project, stop: () => visibleProblems.stop() };
}
