/**
 * The line to the agent over a WebSocket, for a renderer in a browser. Reconnects by itself; watches survive that,
 * calls do not: a call is never sent twice.
 */
import { problemOf } from '#contract/errors/agent-error.ts';
import type { Problem } from '#contract/errors/agent-error.ts';
import type {
  AgentClient,
  CallName,
  CallParams,
  CallResult,
  Envelope,
  WatchItem,
  WatchName,
} from '#contract/ipc/contract.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';
import type { ClientMessage, ServerMessage } from '#contract/ipc/websocket-messages.ts';

import type { AgentLink } from './agent-link.ts';

/** The part of the WebSocket interface that is used. */
export type Socket = {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
};

export type WebSocketLinkOptions = {
  readonly connect: () => Socket;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Calls `run` once after `delayMs`; returns what cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
  readonly callTimeoutMs?: number;
};

type Settle = (envelope: Envelope<never>) => void;
type Watch = { readonly name: WatchName; readonly listener: (item: never) => void };

const socketOpen = 1;
/** Calls in flight; more means that the agent hangs, and queueing further would only hide it. */
const maxCalls = 256;

function lost(): Envelope<never> {
  return { ok: false, problem: problemOf('SP_AGENT_CONNECTION_LOST') };
}

/** What the agent sent, or null if it is not one of its messages. */
function readMessage(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const message = JSON.parse(data) as { readonly type?: unknown; readonly id?: unknown } | null;
    if (typeof message !== 'object' || message === null || typeof message.id !== 'number') return null;
    const known = message.type === 'result' || message.type === 'problem' || message.type === 'item';
    return known ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

export function createWebSocketLink(options: WebSocketLinkOptions): AgentLink {
  const firstRetryMs = options.firstRetryMs ?? 250;
  const maxRetryMs = options.maxRetryMs ?? 5_000;
  const callTimeoutMs = options.callTimeoutMs ?? 60_000;
  const calls = new Map<number, Settle>();
  const watches = new Map<number, Watch>();
  const statusListeners = new Set<(status: LinkStatus) => void>();
  let status: LinkStatus = { phase: 'opening' };
  let socket: Socket | null = null;
  let cancelRetry: (() => void) | null = null;
  let attempts = 0;
  let nextId = 0;
  let closed = false;

  const setStatus = (next: LinkStatus): void => {
    status = next;
    for (const listener of statusListeners) listener(next);
  };

  const send = (message: ClientMessage): boolean => {
    if (socket === null || socket.readyState !== socketOpen) return false;
    socket.send(JSON.stringify(message));
    return true;
  };

  const receive = (data: unknown): void => {
    const message = readMessage(data);
    if (message === null) return;
    if (message.type === 'item') {
      watches.get(message.id)?.listener(message.item as never);
      return;
    }
    const settle = calls.get(message.id);
    calls.delete(message.id);
    settle?.(message.type === 'result' ? { ok: true, value: message.value as never } : failed(message.problem));
  };

  const failed = (problem: Problem): Envelope<never> => ({ ok: false, problem });

  const retryLater = (): void => {
    // Full jitter, so that many windows do not come back in the same moment; never at once, which would spin.
    const ceiling = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(attempts, 10));
    const delayMs = Math.max(50, Math.round(options.random() * ceiling));
    attempts += 1;
    const sinceMs = status.phase === 'lost' ? status.sinceMs : options.now();
    setStatus({ phase: 'lost', sinceMs, retryAtMs: options.now() + delayMs, problem: null });
    cancelRetry = options.after(delayMs, () => tryAgain(sinceMs));
  };

  const tryAgain = (sinceMs: number): void => {
    setStatus({ phase: 'lost', sinceMs, retryAtMs: null, problem: null });
    open();
  };

  function open(): void {
    const current = options.connect();
    socket = current;
    current.addEventListener('open', () => {
      if (current !== socket) return;
      attempts = 0;
      for (const [id, { name }] of watches) send({ type: 'watch', id, name });
      setStatus({ phase: 'open' });
    });
    current.addEventListener('message', (event) => {
      if (current === socket) receive(event.data);
    });
    current.addEventListener('close', () => {
      if (current !== socket) return;
      socket = null;
      for (const settle of calls.values()) settle(lost());
      calls.clear();
      if (!closed) retryLater();
    });
  }

  const call = <N extends CallName>(name: N, params: CallParams<N>): Promise<Envelope<CallResult<N>>> =>
    new Promise((resolve) => {
      const id = (nextId += 1);
      if (calls.size >= maxCalls || !send({ type: 'call', id, name, params })) {
        resolve(lost());
        return;
      }
      const cancelTimeout = options.after(callTimeoutMs, () => {
        calls.delete(id);
        resolve(lost());
      });
      calls.set(id, (envelope) => {
        cancelTimeout();
        resolve(envelope);
      });
    });

  const watch = <N extends WatchName>(name: N, listener: (item: WatchItem<N>) => void): (() => void) => {
    const id = (nextId += 1);
    watches.set(id, { name, listener });
    send({ type: 'watch', id, name });
    return () => {
      if (watches.delete(id)) send({ type: 'unwatch', id });
    };
  };

  open();
  const client: AgentClient = { call, watch };
  return {
    host: 'browser',
    client,
    watchStatus: (listener) => {
      statusListeners.add(listener);
      listener(status);
      return () => statusListeners.delete(listener);
    },
    retryNow: () => {
      if (status.phase !== 'lost' || status.retryAtMs === null) return;
      cancelRetry?.();
      attempts = 0;
      tryAgain(status.sinceMs);
    },
    close: () => {
      closed = true;
      cancelRetry?.();
      socket?.close();
    },
  };
}
