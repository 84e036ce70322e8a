/**
 * The embedded control plane as a library: puts its parts together and runs them in this process.
 *
 *   const controlPlane = await startControlPlane({
 *     host: '127.0.0.1', port: 0, dataDir, cert, key,           // PEM texts; port 0 takes a free one
 *     tokens: [{ token: '…', user: 'agent', role: 'agent' }],   // one bearer token a role
 *     definitions: await readDefinitions('crds'),
 *     clock: systemClock, random: Math.random, log: silentLogger,
 *   });
 *   controlPlane.server;           // https://127.0.0.1:PORT, for the kubeconfig
 *   await controlPlane.close();    // ends watches, finishes writes, closes files
 *
 * Tests of other folders find a certificate, tokens and a kubeconfig ready made
 * in `test-control-plane.ts`.
 */
import { randomUUID } from 'node:crypto';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { timestampOf, type Surroundings } from './api/resource-request.ts';
import { createRouter } from './api/router.ts';
import { createWatches, type WatchLimits } from './api/watch.ts';
import { createAuthenticator, type TokenEntry } from './authorization/tokens.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { openPaths } from './http/open-paths.ts';
import { startHttpServer } from './http/server.ts';
import type { JsonObject } from './json.ts';
import { createCatalog } from './resources/catalog.ts';
import { seed } from './resources/seeding.ts';
import type { HistoryLimits } from './storage/history.ts';
import { lockDirectory } from './storage/directory-lock.ts';
import { openJournal } from './storage/journal.ts';
import { openStore } from './storage/store.ts';

export { readDefinitions } from './resources/catalog.ts';

/** Everything that is bounded. Sizes in bytes, times in milliseconds. */
export type Limits = WatchLimits & {
  /** Changes kept for resuming watches, for each resource type. */
  readonly history: HistoryLimits;
  readonly maxBodyBytes: number;
  readonly maxObjectBytes: number;
  readonly maxObjects: number;
  readonly maxConnections: number;
  readonly maxWaitingWrites: number;
  readonly compactAtBytes: number;
};

const defaultLimits: Limits = {
  history: { maxEvents: 1000, maxBytes: 16 << 20 },
  maxBodyBytes: 3 << 20,
  maxObjectBytes: 1 << 20,
  maxObjects: 10_000,
  maxConnections: 512,
  maxWaitingWrites: 4096,
  compactAtBytes: 8 << 20,
  maxWatches: 512,
  maxWaitingBytes: 4 << 20,
  bookmarkEveryMs: 60_000,
  maxWatchMs: 60 * 60_000,
};

export type ControlPlaneOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Made if it is missing; must be this control plane's own. */
  readonly dataDir: string;
  /** PEM certificate chain and private key. */
  readonly cert: string;
  readonly key: string;
  readonly tokens: readonly TokenEntry[];
  /** CustomResourceDefinitions as parsed from YAML. */
  readonly definitions: readonly JsonObject[];
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly limits?: Partial<Limits>;
};

export type ControlPlane = {
  /** `https://host:port` */
  readonly server: string;
  readonly port: number;
  close(): Promise<void>;
};

/** Resolves once requests are served. Throws where the data, the definitions or the address cannot be used. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { clock, random, log } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const catalog = createCatalog(options.definitions);
  /** What was started, to be ended in the opposite order. */
  const owned: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const end of owned.splice(0).toReversed()) await end();
  };
  try {
    const lock = await lockDirectory(options.dataDir, clock);
    owned.push(() => lock.release());
    const journal = await openJournal({
      directory: options.dataDir,
      now: () => clock.now(),
      log,
      compactAtBytes: limits.compactAtBytes,
    });
    const store = await openStore({ journal, log, history: limits.history, maxWaiting: limits.maxWaitingWrites });
    owned.push(() => store.close());
    const surroundings: Surroundings = { ...limits, store, clock, random, uid: () => randomUUID() };
    const context = { timestamp: timestampOf(clock), uid: surroundings.uid, random, onUnknown: () => {} };
    await store.write((transaction) => seed(transaction, catalog, context));
    const collector = startGarbageCollector({ store, catalog, clock, random, log });
    owned.push(() => collector.stop());
    const watches = createWatches(limits);
    const http = await startHttpServer({
      ...options,
      ...limits,
      authenticate: createAuthenticator(options.tokens),
      openly: openPaths,
      handle: createRouter({ catalog, surroundings, watches }),
    });
    owned.push(
      () => http.close(),
      () => watches.close(),
    );
    const host = options.host.includes(':') ? `[${options.host}]` : options.host;
    return { server: `https://${host}:${http.port}`, port: http.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
