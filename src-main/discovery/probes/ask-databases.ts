/**
 * The one question each that PostgreSQL and Redis answer before anybody has signed in.
 */
import type { Socket } from 'node:net';

import { ask, type ProbeContext } from './conversation.ts';
import { identityOf, type Identity } from './identity.ts';

const answerTimeoutMs = 500;

/** SSLRequest (PostgreSQL manual, “Message Formats”): length 8, code 80877103. */
const sslRequest = Uint8Array.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks whether TLS may begin; PostgreSQL answers with one byte, `S` or `N`, and then waits. */
export async function askPostgresql(socket: Socket, context: ProbeContext): Promise<Identity | null> {
  const { bytes } = await ask(socket, sslRequest, answerTimeoutMs, context, ({ length }) => length > 0);
  socket.destroy();
  const answer = bytes.toString('latin1');
  return answer === 'S' || answer === 'N' ? identityOf('postgresql') : null;
}

/** Sends `PING`; Redis answers `+PONG`, or `-NOAUTH …` if it wants a password first. */
export async function askRedis(socket: Socket, context: ProbeContext): Promise<Identity | null> {
  const { bytes } = await ask(socket, 'PING\r\n', answerTimeoutMs, context, (heard) => heard.includes('\n'));
  socket.destroy();
  return /^(?:\+PONG|-NOAUTH|-DENIED)/.test(bytes.toString('latin1')) ? identityOf('redis') : null;
}
