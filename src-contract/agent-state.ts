/**
 * What an agent says about itself: the one picture that window, tray and command line draw from.
 *
 * Times are RFC 3339 strings in UTC unless a name ends in `Ms` (milliseconds since the Unix epoch or a duration).
 */
import type { Problem } from './errors/agent-error.ts';
import type { Condition } from './resources/object-meta.ts';

/** One process of the playground. */
export type PlaygroundPart = {
  readonly name: 'control' | 'operator' | 'edge';
  /** faulted: it keeps stopping; the next attempt comes after a long pause. */
  readonly phase: 'starting' | 'running' | 'restarting' | 'faulted' | 'stopped';
  readonly restarts: number;
  readonly pid: number | null;
  /** When it is started again, while `phase` is `faulted` or it waits to be restarted. */
  readonly retryAt: string | null;
};

export type ControlPlaneState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'playground';
      readonly phase: 'starting' | 'connected' | 'unreachable';
      readonly parts: readonly PlaygroundPart[];
      /** Path of a kubeconfig for `kubectl` on this playground; null until it runs. */
      readonly kubeconfig: string | null;
      readonly problem: Problem | null;
    }
  | {
      readonly kind: 'kubeconfig';
      readonly phase: 'connecting' | 'connected' | 'unreachable' | 'denied';
      readonly path: string;
      readonly context: string;
      readonly namespace: string;
      readonly server: string;
      readonly problem: Problem | null;
    };

export type ConnectorState = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly className: string;
  /** Ed25519 public key, 64 hexadecimal digits. */
  readonly publicKey: string;
  readonly conditions: readonly Condition[];
  /** Capability types with whether the spec switches them on. */
  readonly capabilities: readonly { readonly type: string; readonly enabled: boolean }[];
  readonly lease: {
    readonly name: string;
    readonly durationSeconds: number;
    readonly renewedAt: string | null;
  } | null;
  /** True once Ready was observed True for the current generation. */
  readonly ready: boolean;
};

/** One tunnel connection to one edge. */
export type TunnelConnection = {
  readonly edge: string;
  /** host:port that was dialled. */
  readonly address: string;
  readonly transport: 'h2';
  readonly phase: 'connecting' | 'registering' | 'connected' | 'waiting' | 'refused' | 'draining';
  /** When `phase` was entered. */
  readonly since: string;
  /** Round-trip time by HTTP/2 PING, null until measured. */
  readonly rttMs: number | null;
  /** Why this transport was chosen. */
  readonly reason: string;
  readonly problem: Problem | null;
  /** When the next attempt starts, while `phase` is `waiting`. */
  readonly retryAt: string | null;
};

export type EngineProcessState = {
  /** faulted: it keeps stopping; the next attempt comes after a long pause. */
  readonly phase: 'starting' | 'running' | 'restarting' | 'faulted' | 'stopped';
  readonly pid: number | null;
  readonly restarts: number;
  /** When it is started again, while `phase` is `faulted` or it waits to be restarted. */
  readonly retryAt: string | null;
  readonly connections: readonly TunnelConnection[];
};

/** The readiness ladder of a service, in this order. */
export type ServiceStepId = 'declared' | 'tunnel' | 'hostname' | 'route' | 'answer';

export type ServiceStep = {
  readonly id: ServiceStepId;
  readonly phase: 'done' | 'active' | 'pending' | 'failed';
  /** Milliseconds from the start of publishing to when the step was done. */
  readonly doneAfterMs: number | null;
};

export type ServiceState = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly enabled: boolean;
  /**
   * off: switched off. publishing: on its way. ready: a request has travelled the whole way and back.
   * failing: on, and something is wrong. removing: being deleted.
   */
  readonly phase: 'off' | 'publishing' | 'ready' | 'failing' | 'removing';
  /** Public URL, as soon as the operator has assigned it; answered only when `phase` is `ready`. */
  readonly url: string | null;
  readonly steps: readonly ServiceStep[];
  readonly problem: Problem | null;
  readonly conditions: readonly Condition[];
  readonly createdAt: string;
  /** Present while a `serve` without --keep holds the service: it is withdrawn when that command ends. */
  readonly ephemeral: boolean;
};

/** Something that is wrong or weak right now, and what to do about it. */
export type HealthWarning = Problem & {
  readonly severity: 'info' | 'warning' | 'error';
  readonly since: string;
};

export type AgentState = {
  /** Grows with every change; a smaller one than already seen is stale. */
  readonly revision: number;
  readonly agent: {
    readonly version: string;
    readonly profile: string;
    readonly runtime: 'electron' | 'headless';
    readonly pid: number;
    readonly startedAt: string;
  };
  readonly controlPlane: ControlPlaneState;
  readonly connector: ConnectorState | null;
  readonly engine: EngineProcessState;
  readonly services: readonly ServiceState[];
  readonly warnings: readonly HealthWarning[];
};

/** Traffic of one interval; byte counts are payload bytes seen by the tunnel engine. */
export type TrafficSample = {
  /** End of the interval, milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly intervalMs: number;
  readonly requests: number;
  /** Towards the services. */
  readonly bytesIn: number;
  /** From the services to visitors. */
  readonly bytesOut: number;
  readonly activeStreams: number;
};
