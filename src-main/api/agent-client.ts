/**
 * The client side of the agent's API over its local socket, as the command line holds it.
 */
import { createConnection } from 'node:net';

import { WebSocket } from 'ws';

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import { problemOf, type Problem } from '#contract/errors/agent-error.ts';
import type { AgentClient, Envelope } from '#contract/ipc/contract.ts';
import type { ClientMessage, ServerMessage } from '#contract/ipc/websocket-messages.ts';

export type AgentConnection = {
  readonly client: AgentClient;
  /** Called once when the agent is gone. */
  onClosed(listener: () => void): () => void;
  close(): void;
};

/** Deleting a service waits for the control plane, so a call may take a while. */
const callTimeoutMs = 60_000;
const connectTimeoutMs = 5000;
/** State of a few hundred services is far below; anything larger is not our agent. */
const maxItemBytes = 64_000_000;

type Settle = (envelope: Envelope<never>) => void;
type Watch = { readonly listener: (item: never) => void };

function lost(): Envelope<never> {
  return { ok: false, problem: problemOf('SP_AGENT_CONNECTION_LOST') };
}

function connect(path: string): Promise<WebSocket | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket('ws://localhost/agent', {
      createConnection: () => createConnection({ path }),
      handshakeTimeout: connectTimeoutMs,
      maxPayload: maxItemBytes,
      perMessageDeflate: false,
    });
    socket.once('open', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}

/** Connects to the agent at `path`; null if none answers there. */
export async function connectAgent(path: string, clock: Clock): Promise<AgentConnection | null> {
  const socket = await connect(path);
  if (socket === null) return null;
  const calls = new Map<number, Settle>();
  const watches = new Map<number, Watch>();
  const closed = createListeners<void>();
  let nextId = 0;

  const receive = (text: string): void => {
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === 'item') {
      watches.get(message.id)?.listener(message.item as never);
      return;
    }
    const problem: Problem | null = message.type === 'problem' ? message.problem : null;
    calls.get(message.id)?.(
      problem === null && message.type === 'result'
        ? { ok: true, value: message.value as never }
        : { ok: false, problem: problem ?? problemOf('SP_INTERNAL', { reason: 'An empty answer.' }) },
    );
    calls.delete(message.id);
  };

  const send = (message: ClientMessage): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  socket.on('message', (data) => {
    try {
      receive(Buffer.isBuffer(data) ? data.toString('utf8') : '');
    } catch {
      socket.terminate();
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const settle of calls.values()) settle(lost());
    calls.clear();
    closed.emit();
  });

  const client: AgentClient = {
    call: (name, params) =>
      new Promise((resolve) => {
        if (socket.readyState !== WebSocket.OPEN) {
          resolve(lost());
          return;
        }
        nextId += 1;
        const id = nextId;
        const cancelTimeout = clock.after(callTimeoutMs, () => {
          calls.delete(id);
          resolve(lost());
        });
        calls.set(id, (envelope) => {
          cancelTimeout();
          resolve(envelope);
        });
        send({ type: 'call', id, name, params });
      }),
    watch: (name, listener) => {
      nextId += 1;
      const id = nextId;
      watches.set(id, { listener });
      send({ type: 'watch', id, name });
      return () => {
        if (watches.delete(id)) send({ type: 'unwatch', id });
      };
    },
  };
  return { client, onClosed: (listener) => closed.add(listener), close: () => socket.close() };
}
