/**
 * Which HTTP a visitor speaks on a plain connection, from its first bytes: HTTP/2 with prior knowledge begins with a
 * preface that no HTTP/1 request can begin with (RFC 9113 §3.4).
 */
import type { Socket } from 'node:net';

const preface = 'PRI ';

/**
 * Calls `onKnown` once, with all bytes still to be read from `socket`; never if it closes before. Who says nothing for
 * `patienceMs` is cut.
 */
export function detectHttpVersion(socket: Socket, patienceMs: number, onKnown: (version: 1 | 2) => void): void {
  const held: Buffer[] = [];
  const decide = (version: 1 | 2): void => {
    socket.off('readable', look);
    socket.off('end', giveUp);
    socket.off('timeout', cut);
    socket.setTimeout(0);
    if (held.length > 0) socket.unshift(Buffer.concat(held));
    onKnown(version);
  };
  const look = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    held.push(bytes);
    const start = Buffer.concat(held).subarray(0, preface.length).toString('latin1');
    if (start === preface) decide(2);
    else if (!preface.startsWith(start)) decide(1);
  };
  // Too little to be anything; HTTP/1 has the words for it.
  const giveUp = (): void => decide(1);
  const cut = (): void => void socket.destroy();
  socket.on('error', () => {});
  socket.on('readable', look);
  socket.once('end', giveUp);
  socket.setTimeout(patienceMs);
  socket.once('timeout', cut);
}
