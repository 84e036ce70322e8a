/**
 * A whole tunnel in one process for tests: visitors' listener, edge, TLS, engine. All sockets are real.
 */
import { generateKeyPairSync } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

import { systemClock, type Cancel, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';
import type { AllowedTarget, EdgeTarget, EngineConfig, EngineReport, TrafficTotals } from '#contract/engine.ts';
import type { Verdict } from '#contract/wire/registration.ts';

import { createEngine, type Engine } from '../agent/engine.ts';
import type { Lookup } from '../agent/allow-list.ts';
import { forwardRequest, forwardUpgrade, type Backend, type Failure, type ForwardOutcome } from '../edge/forward.ts';
import { createTunnelListener, type TunnelListener, type TunnelSession } from '../edge/tunnel-listener.ts';
import type { Certificate } from './certificates.ts';

/** Polls until `read` gives something else than undefined, null or false. */
export async function until<T>(read: () => T | undefined | null | false, withinMs = 10_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited in vain for: ${read.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The value `read` has kept for a while: what flows has stopped. */
export async function settled(read: () => number): Promise<number> {
  let last = read();
  let unchanged = 0;
  await until(() => {
    const value = read();
    unchanged = value === last ? unchanged + 1 : 0;
    last = value;
    return unchanged >= 60;
  });
  return last;
}

export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

export const connector = { namespace: 'default', name: 'laptop-1', uid: 'uid-1' } as const;

export function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** A clock that moves when told to. */
export function createManualClock(): { readonly clock: Clock; readonly advance: (ms: number) => void } {
  let now = 1_000_000;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const after = (delayMs: number, run: () => void): Cancel => {
    const timer = { at: now + delayMs, run };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer);
      timer.run();
    }
  };
  return { clock: { now: () => now, monotonic: () => now, after }, advance };
}

/** Whatever was opened, to be closed in reverse order after each test. */
export type Cleanup = { readonly add: (close: () => unknown) => void; readonly run: () => Promise<void> };

export function createCleanup(): Cleanup {
  const closers: (() => unknown)[] = [];
  return {
    add: (close) => closers.push(close),
    run: async () => {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

export type EdgeUnderTest = {
  readonly listener: TunnelListener;
  readonly sessions: TunnelSession[];
  readonly target: EdgeTarget;
};

export async function startEdge(
  cleanup: Cleanup,
  certificate: Certificate,
  options: {
    readonly admit?: (claim: { readonly publicKey: string }) => Verdict;
    readonly port?: number;
    readonly registrationMs?: number;
  } = {},
): Promise<EdgeUnderTest> {
  const sessions: TunnelSession[] = [];
  let count = 0;
  const listener = await createTunnelListener({
    host: '127.0.0.1',
    port: options.port ?? 0,
    cert: certificate.cert,
    key: certificate.key,
    edge: 'edge-1',
    // oxlint-disable-next-line typescript/require-await -- what `admit` throws becomes a rejection
    admit: async (claim) => {
      count += 1;
      return options.admit?.(claim) ?? { type: 'admitted', connectionId: `c${count}` };
    },
    onSession: (session) => {
      sessions.push(session);
      session.onClose(() => sessions.splice(sessions.indexOf(session), 1));
    },
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
    ...(options.registrationMs === undefined ? {} : { registrationMs: options.registrationMs }),
  });
  cleanup.add(() => listener.close(0));
  return {
    listener,
    sessions,
    target: {
      name: 'edge-1',
      host: '127.0.0.1',
      port: listener.address.port,
      serverName: 'edge.test',
      caBundle: certificate.cert,
    },
  };
}

export type EngineUnderTest = {
  readonly engine: Engine;
  readonly reports: EngineReport[];
  readonly traffic: TrafficTotals[];
  /** Applies `change` on top of the last configuration with a new version. */
  readonly apply: (change: Partial<EngineConfig>) => void;
};

export function startEngine(
  cleanup: Cleanup,
  config: Partial<EngineConfig>,
  options: { readonly lookup?: Lookup; readonly clock?: Clock; readonly key?: string } = {},
): EngineUnderTest {
  const reports: EngineReport[] = [];
  const traffic: TrafficTotals[] = [];
  const engine = createEngine({
    privateKey: new Secret(options.key ?? newKey()),
    agentVersion: 'test',
    clock: options.clock ?? systemClock,
    // The shortest delays.
    random: () => 0,
    log: silentLogger,
    onReport: (report) => reports.push(report),
    onTraffic: (totals) => traffic.push(totals),
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
  });
  cleanup.add(() => engine.close());
  let current: EngineConfig = { version: 0, connector, edges: [], allow: [] };
  const apply = (change: Partial<EngineConfig>): void => {
    current = { ...current, ...change, version: current.version + 1 };
    engine.apply(current);
  };
  apply(config);
  return { engine, reports, traffic, apply };
}

export type TunnelUnderTest = EngineUnderTest & {
  readonly edge: EdgeUnderTest;
  /** host:port of the service. */
  readonly backend: string;
  /** Where visitors go. */
  readonly port: number;
  readonly outcomes: ForwardOutcome[];
  readonly failures: Failure[];
  readonly visitors: Set<Socket>;
  session(): TunnelSession;
};

export async function startTunnel(
  cleanup: Cleanup,
  certificate: Certificate,
  options: {
    readonly backend: Backend | string;
    readonly allow?: readonly AllowedTarget[];
    readonly lookup?: Lookup;
  },
): Promise<TunnelUnderTest> {
  const backend =
    typeof options.backend === 'string' ? { scheme: 'http' as const, authority: options.backend } : options.backend;
  const [host = '', port = ''] = backend.authority.split(/:(?=\d+$)/);
  const edge = await startEdge(cleanup, certificate);
  const allow = options.allow ?? [{ host, port: Number(port), protocol: 'TCP' as const }];
  const engine = startEngine(cleanup, { edges: [edge.target], allow }, options);

  const outcomes: ForwardOutcome[] = [];
  const failures: Failure[] = [];
  const visitors = new Set<Socket>();
  const session = (): TunnelSession => {
    const [first] = edge.sessions;
    if (first === undefined) throw new Error('no session');
    return first;
  };
  const forwarding = (request: IncomingMessage) => ({
    session: session(),
    request,
    backend,
    onAgentFailure: (failure: Failure) => {
      failures.push(failure);
      return false;
    },
    responseHeaders: (answeredBy: string) => ({ 'x-answered-by': answeredBy }),
    dropHeaders: ['sallyport-probe'],
    probe: request.headers['sallyport-probe'] === 'the token',
    retry: () => edge.sessions.find(({ draining }) => !draining) ?? null,
  });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void forwardRequest({ ...forwarding(request), response }).then((outcome) => outcomes.push(outcome));
  };
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, onRequest);
  server.on('checkContinue', onRequest);
  server.on('upgrade', (request, socket, head: Buffer) => {
    void forwardUpgrade({ ...forwarding(request), socket, head }).then((outcome) => outcomes.push(outcome));
  });
  server.on('connection', (socket) => {
    visitors.add(socket);
    socket.once('close', () => visitors.delete(socket));
  });
  const publicPort = await listen(server);
  cleanup.add(() => {
    server.closeAllConnections();
    for (const socket of visitors) socket.destroy();
    server.close();
  });
  await until(() => edge.sessions.length > 0);
  return { ...engine, edge, backend: backend.authority, port: publicPort, outcomes, failures, visitors, session };
}
