/**
 * The agent's end of the data plane as one object: give it a configuration, it makes it so and says how things stand.
 *
 * Level-based: `apply` may be called with anything at any time; only what differs is touched. Knows no processes.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';

import type { Cancel, Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Secret } from '#base/secret.ts';
import type { EdgeTarget, EngineConfig, EngineReport, TrafficTotals } from '#contract/engine.ts';

import { limits } from '../limits.ts';
import { createAllowList, systemLookup, type AllowList, type Lookup } from './allow-list.ts';
import { keepConnected, type Connection } from './connection.ts';
import { createCounters } from './counters.ts';
import { createDialler } from './dial.ts';
import { createHttp2Pool } from './http2-pool.ts';
import { createOpenStreams } from './open-streams.ts';
import { createOriginPool } from './origin-pool.ts';
import { createServe } from './serve.ts';

export type EngineOptions = {
  /** Ed25519, PKCS #8, PEM. */
  readonly privateKey: Secret<string>;
  readonly agentVersion: string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Called after each change of a connection or of the applied version. */
  readonly onReport: (report: EngineReport) => void;
  /** Called at most once a second, and only after traffic. */
  readonly onTraffic: (totals: TrafficTotals) => void;
  /** How backends' names are resolved; the operating system's resolver by default. */
  readonly lookup?: Lookup;
};

export type Engine = {
  /**
   * Makes `config` so. Its allow list counts at once, for new requests and for those that run: streams to a target that
   * is not on it are ended. Only edges that differ are dialled or drained.
   */
  apply(config: EngineConfig): void;
  report(): EngineReport;
  totals(): TrafficTotals;
  /** Ends every connection once its requests are done, at the latest after `graceMs`. Final. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything at once. Final. */
  close(): void;
};

/** Throws if the key is not an Ed25519 key. */
export function createEngine(options: EngineOptions): Engine {
  const { clock, random, log } = options;
  const privateKey: KeyObject = createPrivateKey(options.privateKey.reveal());
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('the connector key is not an Ed25519 key');

  const counters = createCounters();
  const dialler = createDialler({ clock, lookup: options.lookup ?? systemLookup });
  const pools = { http: createOriginPool('http', dialler), https: createOriginPool('https', dialler) };
  let allowList: AllowList = createAllowList([]);
  const openStreams = createOpenStreams();
  const origins = { dialler, pools, http2Pool: createHttp2Pool(dialler), counters };
  const serve = createServe({ allowList: () => allowList, openStreams, origins, log });

  const connections = new Map<string, Connection>();
  /** Connections to edges that are not wanted any more, until their requests are done. */
  const leaving = new Set<Connection>();
  let appliedVersion = 0;
  let ended = false;
  let onAllGone: (() => void) | null = null;

  const report = (): EngineReport => ({
    appliedVersion,
    connections: [...connections.values(), ...leaving].map(({ state }) => state),
  });
  const onChange = (): void => {
    for (const connection of leaving) if (connection.closed) leaving.delete(connection);
    if (ended && leaving.size === 0) onAllGone?.();
    options.onReport(report());
  };
  const dismiss = (key: string, connection: Connection, graceMs: number): void => {
    connections.delete(key);
    leaving.add(connection);
    connection.stop(graceMs);
  };

  const apply = (config: EngineConfig): void => {
    if (ended) return;
    // SECURITY: the list is replaced as a whole before anything else, so that what was withdrawn is closed first.
    allowList = createAllowList(config.allow);
    const cut = openStreams.endWithdrawn(allowList);
    if (cut > 0) log.info('streams to withdrawn targets were ended', { count: cut });
    const { connector } = config;
    const wanted = new Map<string, EdgeTarget>();
    if (connector !== null) for (const edge of config.edges) wanted.set(JSON.stringify([connector, edge]), edge);
    for (const [key, connection] of connections) {
      if (!wanted.has(key)) dismiss(key, connection, limits.removedEdgeGraceMs);
    }
    const isNew = config.version !== appliedVersion;
    appliedVersion = config.version;
    for (const [key, edge] of wanted) {
      const existing = connections.get(key);
      if (existing !== undefined) {
        if (isNew) existing.configured();
      } else if (connector !== null) {
        const { agentVersion } = options;
        const base = { connector, privateKey, agentVersion, serve, clock, log, random, onChange };
        connections.set(key, keepConnected({ ...base, edge }));
      }
    }
    onChange();
  };

  let reported = counters.totals();
  let cancelTraffic: Cancel = () => {};
  const watchTraffic = (): void => {
    const totals = counters.totals();
    if (!sameTotals(totals, reported)) options.onTraffic(totals);
    reported = totals;
    cancelTraffic = clock.after(limits.trafficMs, watchTraffic);
  };
  watchTraffic();

  const end = (): void => {
    cancelTraffic();
    pools.http.destroy();
    pools.https.destroy();
  };
  return {
    apply,
    report,
    totals: () => counters.totals(),
    drain: async (graceMs) => {
      ended = true;
      for (const [key, connection] of connections) dismiss(key, connection, graceMs);
      await new Promise<void>((resolve) => {
        onAllGone = resolve;
        onChange();
      });
      end();
    },
    close: () => {
      ended = true;
      for (const connection of [...connections.values(), ...leaving]) connection.close();
      connections.clear();
      leaving.clear();
      end();
    },
  };
}

function sameTotals(a: TrafficTotals, b: TrafficTotals): boolean {
  return (
    a.requests === b.requests &&
    a.bytesIn === b.bytesIn &&
    a.bytesOut === b.bytesOut &&
    a.activeStreams === b.activeStreams
  );
}
