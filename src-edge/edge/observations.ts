/**
 * What this edge sees by itself: a service that stops or starts answering visitors, a tunnel that comes or goes. It tells
 * operators only where to look; what is true there they find out with a probe of their own.
 */
import type { ServerResponse } from 'node:http';

import type { Clock } from '#base/clock.ts';

import { observationLine, pulseMs, type Observation } from '../probe-wire.ts';
import type { ConnectorName, HostRoutes, RouteTarget } from './routing-table.ts';

export type Observations = {
  /** A tunnel of `connector` came or went. */
  readonly connectorChanged: (connector: ConnectorName) => void;
  /** How a visitor's request to `target` ended. Only a change is news. */
  readonly requestEnded: (proxy: HostRoutes['proxy'], target: RouteTarget, outcome: 'answered' | 'failed') => void;
  /** The same for a request of an operator, who knows how it ended. */
  readonly probeEnded: (target: RouteTarget, outcome: 'answered' | 'failed') => void;
  /** Answers `response` with a stream of what is seen from now on; false if too many are open already. */
  watch(response: ServerResponse): boolean;
};

/** Operators and their replicas; each holds one. */
const maxWatchers = 32;
/** An operator so far behind looks at everything when it comes back. */
const maxPending = 20_000;
/** Least time between two writes to one operator, so that a service that comes and goes causes two probes a second. */
const gatherMs = 500;

type Watcher = { readonly tell: (line: string) => void };

export function createObservations(clock: Clock): Observations {
  const watchers = new Set<Watcher>();
  // Targets live as long as the routing table they are in; a new one starts without a memory, which costs one line.
  const failing = new WeakSet<RouteTarget>();

  const tell = (observation: Observation): void => {
    const line = observationLine(observation);
    for (const watcher of watchers) watcher.tell(line);
  };

  /** True if that is something new. */
  const remember = (target: RouteTarget, outcome: 'answered' | 'failed'): boolean => {
    if (outcome === 'answered') return failing.delete(target);
    if (failing.has(target)) return false;
    failing.add(target);
    return true;
  };

  return {
    connectorChanged: ({ namespace, name }) => tell({ kind: 'connector', namespace, name }),
    requestEnded: ({ namespace, name }, target, outcome) => {
      if (remember(target, outcome)) tell({ kind: 'proxy', namespace, name });
    },
    probeEnded: (target, outcome) => void remember(target, outcome),
    watch: (response) => {
      if (watchers.size >= maxWatchers) return false;
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
      response.flushHeaders();
      const watcher = createWatcher(response, clock);
      watchers.add(watcher);
      response.once('close', () => watchers.delete(watcher));
      return true;
    },
  };
}

/** Writes to one operator: each line at most once a write, no faster than it reads. */
function createWatcher(response: ServerResponse, clock: Clock): Watcher {
  const pending = new Set<string>();
  let resting = false;
  let blocked = false;

  const flush = (): void => {
    if (pending.size === 0 || resting || blocked || response.destroyed) return;
    resting = true;
    cancelRest = clock.after(gatherMs, () => {
      resting = false;
      flush();
    });
    const lines = [...pending].join('');
    pending.clear();
    blocked = !response.write(lines);
  };
  const pulse = (): void => {
    cancelPulse = clock.after(pulseMs, () => {
      if (!blocked) response.write('\n');
      pulse();
    });
  };
  let cancelRest = (): void => {};
  let cancelPulse = (): void => {};
  pulse();
  response.on('drain', () => {
    blocked = false;
    flush();
  });
  response.once('close', () => {
    cancelRest();
    cancelPulse();
  });
  return {
    tell: (line) => {
      pending.add(line);
      if (pending.size > maxPending) response.destroy();
      else flush();
    },
  };
}
