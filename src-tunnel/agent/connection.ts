/**
 * Keeps one edge connected: runs the life cycle's effects, one link at a time, and says how it stands.
 */
import { rfc3339, type Cancel } from '#base/clock.ts';
import { createBackoff } from '#base/backoff.ts';
import type { TunnelConnection } from '#contract/agent-state.ts';
import type { EdgeTarget } from '#contract/engine.ts';
import type { AgentError, Problem } from '#contract/errors/agent-error.ts';

import { limits } from '../limits.ts';
import { transition, type ConnectionEffect, type ConnectionEvent, type ConnectionPhase } from './connection-state.ts';
import { openLink, type Link, type LinkOptions } from './link.ts';

export type ConnectionOptions = Pick<
  LinkOptions,
  'connector' | 'privateKey' | 'agentVersion' | 'serve' | 'clock' | 'log'
> & {
  readonly edge: EdgeTarget;
  readonly random: () => number;
  readonly onChange: () => void;
};

export type Connection = {
  readonly state: TunnelConnection;
  readonly closed: boolean;
  /** The configuration changed. */
  configured(): void;
  /** Finishes requests in flight within `graceMs`, then closes for good. */
  stop(graceMs: number): void;
  /** Closes for good at once. */
  close(): void;
};

const transportReason = 'HTTP/2 over TLS 1.3 is the transport of this version.';

/** Starts dialling at once. */
export function keepConnected(options: ConnectionOptions): Connection {
  const { edge, clock, random } = options;
  const log = options.log.child({ edge: edge.name });
  const losses = createBackoff({ firstMs: limits.reconnectFirstMs, capMs: limits.reconnectCapMs, random });
  const refusals = createBackoff({ firstMs: limits.refusedFirstMs, capMs: limits.refusedCapMs, random });

  let phase: ConnectionPhase = 'idle';
  let sinceMs = clock.now();
  let rttMs: number | null = null;
  let problem: Problem | null = null;
  let retryAtMs: number | null = null;
  let graceMs = 0;
  let link: Link | null = null;
  /** Links an edge drains: they finish what they carry beside the new one. */
  const retired = new Set<Link>();
  let cancelRetry: Cancel = () => {};
  let cancelSettled: Cancel = () => {};

  const retryIn = (delayMs: number): void => {
    retryAtMs = clock.now() + delayMs;
    cancelRetry = clock.after(delayMs, () => dispatch('retryDue'));
  };

  const effects: Readonly<Record<ConnectionEffect, () => void>> = {
    dial: () => {
      retryAtMs = null;
      link = dial();
    },
    retryAfterLoss: () => retryIn(losses.next()),
    // Never sooner than the first delay: a refusal is no accident that jitter could dodge.
    retryAfterRefusal: () => retryIn(Math.max(limits.refusedFirstMs, refusals.next())),
    cancelRetry: () => {
      cancelRetry();
      retryAtMs = null;
    },
    awaitSettled: () => {
      problem = null;
      refusals.reset();
      cancelSettled = clock.after(limits.stableMs, () => dispatch('settled'));
    },
    forgetLosses: () => losses.reset(),
    retire: () => {
      const old = link;
      link = null;
      if (old === null) return;
      retired.add(old);
      old.drain(limits.retiredGraceMs);
    },
    drain: () => link?.drain(graceMs),
    abandon: () => {
      const abandoned = link;
      link = null;
      abandoned?.close();
    },
  };

  const dispatch = (event: ConnectionEvent): void => {
    const next = transition(phase, event);
    if (next === null) return;
    if (next.phase !== phase) {
      sinceMs = clock.now();
      if (phase === 'connected') {
        cancelSettled();
        rttMs = null;
      }
      log.info('tunnel connection', { from: phase, to: next.phase, code: problem?.code });
    }
    phase = next.phase;
    for (const effect of next.effects) effects[effect]();
    options.onChange();
  };

  const dial = (): Link => {
    const isCurrent = (): boolean => link === opened;
    const opened = openLink({
      ...options,
      log,
      onSecured: () => isCurrent() && dispatch('secured'),
      onAdmitted: () => isCurrent() && dispatch('admitted'),
      onRtt: (measuredMs) => {
        if (!isCurrent()) return;
        rttMs = Math.round(measuredMs * 100) / 100;
        options.onChange();
      },
      onEdgeDrains: () => isCurrent() && dispatch('edgeDrains'),
      onEnd: (error: AgentError | null) => {
        retired.delete(opened);
        if (!isCurrent()) {
          options.onChange();
          return;
        }
        link = null;
        problem = error?.problem ?? null;
        dispatch(error?.code === 'SP_TUNNEL_REFUSED' ? 'refused' : 'lost');
      },
    });
    return opened;
  };

  dispatch('start');
  return {
    get state(): TunnelConnection {
      return {
        edge: edge.name,
        address: edge.host.includes(':') ? `[${edge.host}]:${edge.port}` : `${edge.host}:${edge.port}`,
        transport: 'h2',
        phase: phase === 'idle' ? 'connecting' : phase === 'closed' ? 'draining' : phase,
        since: rfc3339(sinceMs),
        rttMs,
        reason: transportReason,
        problem,
        retryAt: retryAtMs === null ? null : rfc3339(retryAtMs),
      };
    },
    get closed() {
      return phase === 'closed' && retired.size === 0;
    },
    configured: () => dispatch('configured'),
    stop: (withinMs) => {
      graceMs = withinMs;
      for (const old of retired) old.drain(withinMs);
      dispatch('stop');
    },
    close: () => {
      for (const old of retired) old.close();
      dispatch('stop');
      link?.close();
    },
  };
}
