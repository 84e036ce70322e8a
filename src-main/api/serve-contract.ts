/**
 * Binds the agent's API to one WebSocket: checks every message, answers calls, feeds watches, and lets go of
 * everything when the socket ends.
 *
 * Who may connect at all is decided before, by the server that accepts the socket.
 */
import { randomUUID } from 'node:crypto';

import type { RawData, WebSocket } from 'ws';

import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { AgentError, toAgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers, Caller } from '#contract/ipc/contract.ts';
import { clientMessage, type ClientMessage, type ServerMessage } from '#contract/ipc/websocket-messages.ts';

import { answerCall, isWatchName } from './answer-call.ts';

/** Largest message that a client may send; the API's params are far smaller. */
export const maxMessageBytes = 65_536;
const maxWatches = 16;
const maxCallsInFlight = 32;
/** A client this far behind does not read; it is cut off, comes back and gets the whole state. */
const maxUnsentBytes = 8_000_000;
const pingEveryMs = 20_000;

/** RFC 6455 §7.4.1 */
const closeCode = { unsupportedData: 1003, policyViolation: 1008 } as const;

function parseMessage(data: RawData): ClientMessage | null {
  try {
    const parsed = clientMessage.safeParse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Serves `handlers` on `socket` until it closes. */
export function serveContract(options: {
  readonly socket: WebSocket;
  readonly handlers: AgentHandlers;
  readonly clock: Clock;
  readonly log: Logger;
}): void {
  const { socket, handlers, clock, log } = options;
  const watches = new Map<number, () => void>();
  const releases: (() => void)[] = [];
  let callsInFlight = 0;
  let answered = true;
  let gone = false;

  const caller: Caller = {
    id: randomUUID(),
    onGone: (release) => {
      if (gone) release();
      else releases.push(release);
    },
  };

  const send = (message: ServerMessage): void => {
    if (gone) return;
    if (socket.bufferedAmount > maxUnsentBytes) {
      log.warn('client does not read and is cut off', { caller: caller.id });
      socket.terminate();
      return;
    }
    socket.send(JSON.stringify(message));
  };

  const sendProblem = (id: number, error: AgentError): void => send({ type: 'problem', id, problem: error.problem });

  const call = async (id: number, name: string, params: unknown): Promise<void> => {
    if (callsInFlight >= maxCallsInFlight) {
      sendProblem(id, new AgentError('SP_INPUT_INVALID', { reason: 'Too many calls at once.' }));
      return;
    }
    callsInFlight += 1;
    try {
      send({ type: 'result', id, value: await answerCall(handlers, name, params, caller) });
    } catch (thrown) {
      const error = toAgentError(thrown);
      if (error.class === 'bug') log.error('call failed', { call: name, error });
      sendProblem(id, error);
    } finally {
      callsInFlight -= 1;
    }
  };

  const watch = (id: number, name: string): void => {
    if (!isWatchName(name) || watches.has(id) || watches.size >= maxWatches) {
      const reason = isWatchName(name) ? 'Too many watches, or an id used twice.' : `There is no watch “${name}”.`;
      sendProblem(id, new AgentError('SP_INPUT_INVALID', { reason }));
      return;
    }
    const source = handlers.watches[name] as (listener: (item: unknown) => void) => () => void;
    watches.set(
      id,
      source((item) => send({ type: 'item', id, item })),
    );
  };

  const receive = (data: RawData, isBinary: boolean): void => {
    const message = isBinary ? null : parseMessage(data);
    if (message === null) {
      socket.close(isBinary ? closeCode.unsupportedData : closeCode.policyViolation);
      return;
    }
    switch (message.type) {
      case 'call':
        void call(message.id, message.name, message.params);
        break;
      case 'watch':
        watch(message.id, message.name);
        break;
      case 'unwatch':
        watches.get(message.id)?.();
        watches.delete(message.id);
        break;
    }
  };

  // A client whose computer vanished never closes its socket; its ephemeral services must end all the same.
  const ping = (): void => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
    cancelPing = clock.after(pingEveryMs, ping);
  };
  let cancelPing = clock.after(pingEveryMs, ping);

  socket.on('pong', () => {
    answered = true;
  });
  socket.on('message', receive);
  socket.on('error', (error) => log.debug('client socket failed', { error }));
  socket.on('close', () => {
    gone = true;
    cancelPing();
    for (const stop of watches.values()) stop();
    watches.clear();
    for (const release of releases) release();
  });
}
