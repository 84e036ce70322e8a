/**
 * The agent's state from what its parts say. Pure; the parts come in as plain values.
 */
import type {
  AgentState,
  ConnectorState,
  ControlPlaneState,
  EngineProcessState,
  HealthWarning,
} from '#contract/agent-state.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import type { Connector } from '#contract/resources/generated.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { isTrue } from '#kube/conditions.ts';

import type { PlaygroundState } from '../playground/playground.ts';
import type { SecretStore } from '../identity/secret-store.ts';
import type { SavedControlPlane } from '../state/saved-state.ts';
import { breaker } from '../supervision/supervised-process.ts';
import type { Reachability } from './control-plane-session.ts';

export type ControlPlaneFacts = {
  readonly chosen: SavedControlPlane;
  readonly playground: PlaygroundState | null;
  /** Null before a session could be opened. */
  readonly session: { readonly server: string; readonly namespace: string; readonly reachability: Reachability } | null;
  /** Why no session could be opened. */
  readonly problem: Problem | null;
};

const stoppedParts: PlaygroundState = { phase: 'stopped', owner: false, parts: [], access: null, problem: null };

function problemIn(reachability: Reachability | undefined): Problem | null {
  return reachability !== undefined && 'problem' in reachability ? reachability.problem : null;
}

export function projectControlPlane(facts: ControlPlaneFacts): ControlPlaneState {
  const { chosen, session, problem } = facts;
  const reachability = session?.reachability;
  if (chosen.kind === 'none') return { kind: 'none' };
  if (chosen.kind === 'playground') {
    const playground = facts.playground ?? stoppedParts;
    const isUp = playground.phase === 'running';
    const connected = isUp && reachability?.kind === 'connected';
    const broken = problem ?? playground.problem ?? (isUp ? problemIn(reachability) : null);
    return {
      kind: 'playground',
      phase: connected ? 'connected' : broken === null ? 'starting' : 'unreachable',
      parts: playground.parts,
      kubeconfig: playground.access?.adminKubeconfig ?? null,
      problem: broken,
    };
  }
  return {
    kind: 'kubeconfig',
    phase: reachability?.kind ?? (problem === null ? 'connecting' : 'unreachable'),
    path: chosen.path,
    context: chosen.context,
    namespace: session?.namespace ?? '',
    server: session?.server ?? '',
    problem: problem ?? problemIn(reachability),
  };
}

/** The problem that keeps every service from being published, from the control plane's side. */
export function controlPlaneProblem(state: ControlPlaneState): Problem | null {
  return state.kind === 'none' ? problemOf('SP_CONTROL_PLANE_NOT_CHOSEN') : state.problem;
}

function projectLease(lease: Lease | null): ConnectorState['lease'] {
  if (lease === null) return null;
  return {
    name: lease.metadata.name ?? '',
    durationSeconds: lease.spec.leaseDurationSeconds ?? 0,
    renewedAt: lease.spec.renewTime ?? null,
  };
}

function isEnabled(capability: NonNullable<Connector['spec']['capabilities']>[number]): boolean {
  // Of Datum's and the enhancement's switch the disabling one wins.
  return capability.enabled !== false && capability.connectTCP?.disabled !== true;
}

export function projectConnector(facts: {
  readonly connector: Connector | undefined;
  readonly lease: Lease | null;
  readonly publicKey: string;
}): ConnectorState | null {
  const { connector, lease, publicKey } = facts;
  if (connector === undefined) return null;
  const { metadata, spec, status } = connector;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    className: spec.connectorClassName,
    publicKey,
    conditions: status?.conditions ?? [],
    capabilities: (spec.capabilities ?? []).map((each) => ({ type: each.type, enabled: isEnabled(each) })),
    lease: projectLease(lease),
    ready: isTrue(connector, 'Ready'),
  };
}

/** SP_ENGINE_FAULTED while the engine waits for a late attempt. */
export function engineProblem(engine: EngineProcessState): Problem | null {
  if (engine.phase !== 'faulted') return null;
  return problemOf('SP_ENGINE_FAULTED', {
    count: breaker.exits,
    seconds: breaker.windowMs / 1000,
    minutes: breaker.maxPauseMs / 60_000,
  });
}

export type WarningFacts = {
  /** Why the state cannot be saved right now. */
  readonly store: Problem | null;
  readonly corruptBackup: string | null;
  readonly strength: SecretStore['strength'] | null;
  readonly runtime: AgentState['agent']['runtime'];
  readonly engine: Problem | null;
  readonly lease: Problem | null;
  readonly connector: Problem | null;
  readonly leftBehind: readonly Problem[];
  readonly lacksEdges: { readonly server: string } | null;
};

export type Warning = Problem & Pick<HealthWarning, 'severity'>;

/** What is wrong or weak beside the services themselves, most severe first. */
export function projectWarnings(facts: WarningFacts): readonly Warning[] {
  const { corruptBackup, strength, runtime, lacksEdges } = facts;
  const errors = [facts.store, facts.engine, facts.lease, facts.connector].filter((problem) => problem !== null);
  return [
    ...errors.map((problem) => ({ ...problem, severity: 'error' as const })),
    ...(corruptBackup === null
      ? []
      : [{ ...problemOf('SP_STATE_CORRUPT', { backup: corruptBackup }), severity: 'warning' as const }]),
    ...facts.leftBehind.map((problem) => ({ ...problem, severity: 'warning' as const })),
    ...(lacksEdges === null
      ? []
      : [
          {
            ...problemOf('SP_CONTROL_PLANE_KINDS_MISSING', { kind: 'DRTPServer', server: lacksEdges.server }),
            severity: 'warning' as const,
          },
        ]),
    ...(strength === 'weak'
      ? // A keyring would not help where nothing could use it.
        [{ ...problemOf(runtime === 'electron' ? 'SP_SECRETS_WEAK' : 'SP_SECRETS_PLAIN'), severity: 'info' as const }]
      : []),
  ];
}
