/**
 * The agent's side of the tunnel engine: keeps the process alive and its configuration applied.
 *
 * Level-based: whatever happened to the process before, after a start it gets the identity and the whole
 * configuration again.
 */
import type { Cancel, Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { Secret } from '#base/secret.ts';
import type { EngineProcessState, TunnelConnection } from '#contract/agent-state.ts';
import type { AgentToEngine, EngineConfig, EngineToAgent, TrafficTotals } from '#contract/engine.ts';

import { superviseProcess } from '../supervision/supervised-process.ts';
import type { EngineLauncher, EngineProcess } from './engine-launcher.ts';

export type EngineHost = {
  readonly state: EngineProcessState;
  /** Totals since the present engine process started. */
  readonly traffic: TrafficTotals;
  onChange(listener: () => void): () => void;
  start(): void;
  /** Starts an engine that keeps stopping now; one that runs asks the edges that refused it again. */
  retryNow(): void;
  /** Replaces the configuration; sent at once and after each restart. */
  apply(config: Omit<EngineConfig, 'version'>): void;
  /** Lets requests in flight finish for up to `graceMs`, then ends the engine. */
  stop(): Promise<void>;
};

export type EngineHostOptions = {
  readonly launcher: EngineLauncher;
  /** PKCS #8, PEM. */
  readonly privateKey: Secret<string>;
  readonly agentVersion: string;
  readonly drainGraceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** One JSON line of the engine's own log. */
  readonly onLogLine?: (line: string) => void;
};

const pingEveryMs = 3000;
/**
 * With this many pings unanswered (after 9 s) the engine hangs: it lives but does nothing. Counted, not timed, so that
 * a computer waking from sleep does not look like a hanging engine.
 */
const maxUnansweredPings = 3;
const readyTimeoutMs = 15_000;
/** What the engine needs to exit after its drain. */
const exitMarginMs = 2000;

function post({ postMessage }: EngineProcess, message: AgentToEngine): void {
  postMessage(message);
}

const noTraffic: TrafficTotals = { requests: 0, bytesIn: 0, bytesOut: 0, activeStreams: 0 };

export function createEngineHost(options: EngineHostOptions): EngineHost {
  const { launcher, privateKey, clock, random, log } = options;
  const changes = createListeners<void>();
  let version = 0;
  let config: EngineConfig = { version, connector: null, edges: [], allow: [] };
  let connections: readonly TunnelConnection[] = [];
  let traffic = noTraffic;

  const receive = (message: EngineToAgent): void => {
    switch (message.type) {
      case 'report':
        connections = message.report.connections;
        changes.emit();
        break;
      case 'traffic':
        traffic = message.totals;
        break;
      case 'log':
        options.onLogLine?.(message.line);
        break;
      case 'started':
      case 'pong':
        break;
    }
  };

  /** Pings until the process is gone; kills it when an answer is overdue. */
  const watchHeartbeat = (process: EngineProcess): void => {
    let pingId = 0;
    let answeredId = 0;
    let cancel: Cancel = () => {};
    const beat = (): void => {
      if (pingId - answeredId >= maxUnansweredPings) {
        log.error('engine does not answer and is killed', { pid: process.pid });
        process.kill();
        return;
      }
      pingId += 1;
      post(process, { type: 'ping', id: pingId });
      cancel = clock.after(pingEveryMs, beat);
    };
    process.onMessage((message) => {
      if (message.type === 'pong') answeredId = message.id;
    });
    process.onExit(() => cancel());
    beat();
  };

  const supervised = superviseProcess<EngineProcess>({
    name: 'engine',
    launch: () => launcher.launch(),
    attach: (process, ready) => {
      process.onMessage((message) => {
        if (supervised.process !== process) return;
        if (message.type === 'started') {
          post(process, { type: 'identity', privateKey: privateKey.reveal(), agentVersion: options.agentVersion });
          post(process, { type: 'apply', config });
          watchHeartbeat(process);
          ready();
        }
        receive(message);
      });
    },
    askToStop: (process) => post(process, { type: 'drain', graceMs: options.drainGraceMs }),
    stopGraceMs: options.drainGraceMs + exitMarginMs,
    readyTimeoutMs,
    clock,
    random,
    log,
  });
  supervised.onChange(({ phase }) => {
    if (phase !== 'running') {
      connections = [];
      traffic = noTraffic;
    }
    changes.emit();
  });

  const apply = (next: Omit<EngineConfig, 'version'>): void => {
    version += 1;
    config = { ...next, version };
    const { process } = supervised;
    if (process !== null && supervised.state.phase === 'running') post(process, { type: 'apply', config });
  };

  return {
    get state() {
      return { ...supervised.state, connections };
    },
    get traffic() {
      return traffic;
    },
    onChange: (listener) => changes.add(listener),
    start: () => supervised.start(),
    retryNow: () => {
      supervised.retryNow();
      // With a new version the engine asks again where it was refused; the rest it has already.
      apply(config);
    },
    apply,
    stop: () => supervised.stop(),
  };
}
