/**
 * One short conversation with a local port: connect, listen, perhaps say something, and always hang up.
 *
 * Everything is bounded in time and in bytes, whatever the other side does.
 */
import { connect, type Socket } from 'node:net';

import type { Clock } from '#base/clock.ts';

export type Endpoint = { readonly host: string; readonly port: number };

export type ProbeContext = {
  readonly clock: Clock;
  /** Ends every conversation at once. */
  readonly signal: AbortSignal;
};

/** Loopback answers within a millisecond; what takes longer has a full backlog. */
const connectTimeoutMs = 500;
/** A greeting is one line; whoever says more is cut short. */
const maxHeardBytes = 4096;

export type Heard = {
  readonly bytes: Buffer;
  /** True if the other side hung up. */
  readonly closed: boolean;
};

/** An open connection, or null if there is none to be had. */
export function dial({ host, port }: Endpoint, { clock, signal }: ProbeContext): Promise<Socket | null> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(null);
      return;
    }
    const socket = connect({ host, port, noDelay: true });
    const settle = (opened: boolean): void => {
      cancel();
      socket.off('connect', succeed);
      if (!opened) socket.destroy();
      resolve(opened ? socket : null);
    };
    const succeed = (): void => settle(true);
    const hangUp = (): void => void socket.destroy();
    const cancel = clock.after(connectTimeoutMs, () => settle(false));
    signal.addEventListener('abort', hangUp, { once: true });
    socket.once('connect', succeed);
    // Stays for the socket's whole life: a reset at any time is an answer, not a failure.
    socket.on('error', () => settle(false));
    socket.once('close', () => {
      signal.removeEventListener('abort', hangUp);
      settle(false);
    });
  });
}

/** What comes within `waitMs`: until `isEnough`, the other side hangs up, or it says too much. Leaves the socket open. */
export function listen(
  socket: Socket,
  waitMs: number,
  { clock }: ProbeContext,
  isEnough: (bytes: Buffer) => boolean = () => false,
): Promise<Heard> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const finish = (closed: boolean): void => {
      cancel();
      socket.off('data', hear);
      socket.off('end', end);
      socket.off('close', end);
      resolve({ bytes, closed });
    };
    const hear = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]).subarray(0, maxHeardBytes);
      if (bytes.length >= maxHeardBytes || isEnough(bytes)) finish(false);
    };
    const end = (): void => finish(true);
    const cancel = clock.after(waitMs, () => finish(socket.destroyed));
    if (socket.destroyed || socket.readableEnded) {
      finish(true);
      return;
    }
    socket.on('data', hear);
    socket.on('end', end);
    socket.on('close', end);
  });
}

/** Says `question` and gives what comes back. */
export async function ask(
  socket: Socket,
  question: string | Uint8Array,
  waitMs: number,
  context: ProbeContext,
  isEnough: (bytes: Buffer) => boolean,
): Promise<Heard> {
  if (socket.writable) socket.write(question);
  return listen(socket, waitMs, context, isEnough);
}
