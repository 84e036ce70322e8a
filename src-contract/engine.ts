/**
 * What the agent and its tunnel engine, a process of its own, say to each other.
 *
 * Level-based: the agent sends the whole configuration with a version, the engine makes it so and reports the version
 * it applied. After a crash the same message is simply sent again.
 */
import type { TunnelConnection } from './agent-state.ts';

/** An edge the engine should hold a connection to. */
export type EdgeTarget = {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Name the edge's certificate must carry. */
  readonly serverName: string;
  /** PEM certificates; only these are trusted for this edge. */
  readonly caBundle: string;
};

/** One entry of the effective allow list: advertisement ∩ local policy. */
export type AllowedTarget = { readonly host: string; readonly port: number; readonly protocol: 'TCP' };

export type EngineConfig = {
  readonly version: number;
  /** Who to register as; null while the connector does not exist, and then nothing is dialled. */
  readonly connector: { readonly namespace: string; readonly name: string; readonly uid: string } | null;
  readonly edges: readonly EdgeTarget[];
  readonly allow: readonly AllowedTarget[];
};

export type EngineReport = {
  readonly appliedVersion: number;
  readonly connections: readonly TunnelConnection[];
};

/** Totals since the engine started. */
export type TrafficTotals = {
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly activeStreams: number;
};

export type AgentToEngine =
  /** First message. The key comes over the channel, never in argv or the environment. PKCS #8, PEM. */
  | { readonly type: 'identity'; readonly privateKey: string; readonly agentVersion?: string }
  | { readonly type: 'apply'; readonly config: EngineConfig }
  | { readonly type: 'ping'; readonly id: number }
  /** Finish requests in flight within `graceMs`, then exit 0. */
  | { readonly type: 'drain'; readonly graceMs: number };

export type EngineToAgent =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'report'; readonly report: EngineReport }
  | { readonly type: 'traffic'; readonly totals: TrafficTotals }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'log'; readonly line: string };
