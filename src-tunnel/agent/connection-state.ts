/**
 * The life cycle of the agent's connection to one edge, as a table: pure, total, and without time or sockets.
 *
 * A pair that is not in the table changes nothing: late news of an earlier attempt are no errors.
 */
import type { TunnelConnection } from '#contract/agent-state.ts';

export type ConnectionPhase = 'idle' | TunnelConnection['phase'] | 'closed';

export type ConnectionEvent =
  /** The edge is wanted. */
  | 'start'
  /** TLS stands and the edge is the right one. */
  | 'secured'
  | 'admitted'
  | 'refused'
  /** The attempt or the connection ended. */
  | 'lost'
  /** The connection has lasted long enough to count as good. */
  | 'settled'
  /** The edge takes no new requests on this connection. */
  | 'edgeDrains'
  | 'retryDue'
  /** The configuration changed: a refusal may not hold any more. */
  | 'configured'
  /** The edge is not wanted any more. */
  | 'stop';

export type ConnectionEffect =
  | 'dial'
  /** Retry soon, later with each loss in a row. */
  | 'retryAfterLoss'
  /** Retry slowly: only a person can change the verdict. */
  | 'retryAfterRefusal'
  | 'cancelRetry'
  | 'awaitSettled'
  | 'forgetLosses'
  /** Leave the link to its requests in flight and forget it. */
  | 'retire'
  /** Finish requests in flight within the grace time, then close. */
  | 'drain'
  | 'abandon';

export type Transition = { readonly phase: ConnectionPhase; readonly effects: readonly ConnectionEffect[] };

const to = (phase: ConnectionPhase, ...effects: readonly ConnectionEffect[]): Transition => ({ phase, effects });

const table: Readonly<Record<ConnectionPhase, Readonly<Partial<Record<ConnectionEvent, Transition>>>>> = {
  idle: { start: to('connecting', 'dial'), stop: to('closed') },
  connecting: {
    secured: to('registering'),
    lost: to('waiting', 'retryAfterLoss'),
    stop: to('closed', 'abandon'),
  },
  registering: {
    admitted: to('connected', 'awaitSettled'),
    refused: to('refused', 'abandon', 'retryAfterRefusal'),
    lost: to('waiting', 'retryAfterLoss'),
    stop: to('closed', 'abandon'),
  },
  connected: {
    settled: to('connected', 'forgetLosses'),
    lost: to('waiting', 'retryAfterLoss'),
    edgeDrains: to('waiting', 'retire', 'retryAfterLoss'),
    stop: to('draining', 'drain'),
  },
  waiting: { retryDue: to('connecting', 'dial'), stop: to('closed', 'cancelRetry') },
  refused: {
    retryDue: to('connecting', 'dial'),
    configured: to('connecting', 'cancelRetry', 'dial'),
    stop: to('closed', 'cancelRetry'),
  },
  draining: { lost: to('closed') },
  closed: {},
};

/** The next phase and what to do on the way; null if `event` means nothing in `phase`. */
export function transition(phase: ConnectionPhase, event: ConnectionEvent): Transition | null {
  return table[phase][event] ?? null;
}
