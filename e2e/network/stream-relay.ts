/**
 * A TCP relay that delays what passes, for where there are no privileges for an emulated network. It knows delay and
 * nothing else: no packets, hence no loss, no reordering, no congestion; both ends speak TCP with the relay next door,
 * so that the connection itself is made at once and only what it carries is late.
 *
 * Back-pressure is exact: each direction holds at most `bufferBytes` and one read more, then stops reading. So it
 * carries at most `bufferBytes` per delay, whatever the ends could do.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type StreamRelay = {
  /** What a figure made with it can say something about. */
  readonly knows: 'delay only';
  readonly host: string;
  readonly port: number;
  /** 10^6 bytes a second that the buffer lets through at the delay; Infinity without a delay. */
  readonly bufferMegabytesPerSecond: number;
  /** Bytes on their way or waiting for the receiver, of all connections and both directions. */
  readonly heldBytes: () => number;
  close(): Promise<void>;
};

export type RelayOptions = {
  readonly target: { readonly host: string; readonly port: number };
  /** Of each direction: half of the round-trip time. */
  readonly delayMs: number;
  readonly bufferBytes?: number;
};

const loopback = '127.0.0.1';
const defaultBufferBytes = 16 << 20;

/** Listens on a loopback port of its own. */
export async function startStreamRelay({
  target,
  delayMs,
  bufferBytes = defaultBufferBytes,
}: RelayOptions): Promise<StreamRelay> {
  const lanes = new Set<Lane>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  };
  const openBetween = (from: Socket, to: Socket): void => {
    const lane = openLane(from, to, delayMs, bufferBytes);
    lanes.add(lane);
    from.once('close', () => lanes.delete(lane));
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) keep(socket);
    openBetween(near, far);
    openBetween(far, near);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, loopback, resolve);
  });
  return {
    knows: 'delay only',
    host: loopback,
    port: (server.address() as AddressInfo).port,
    bufferMegabytesPerSecond: bufferBytes / delayMs / 1e3,
    heldBytes: () => [...lanes].reduce((sum, lane) => sum + lane.heldBytes(), 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

type Lane = { heldBytes(): number };

/** One direction of a connection. An end that breaks off takes the other with it, a regular end arrives in its turn. */
function openLane(from: Socket, to: Socket, delayMs: number, bufferBytes: number): Lane {
  /** In order of time; `null` is the end of the stream. */
  const waiting: { readonly due: number; readonly chunk: Buffer | null }[] = [];
  let held = 0;
  let timer: NodeJS.Timeout | null = null;

  const pass = (chunk: Buffer | null): void => {
    if (chunk === null) {
      to.end();
      return;
    }
    // Held until the kernel has it, so that a receiver that does not read is felt by the sender.
    to.write(chunk, () => {
      held -= chunk.length;
      if (held < bufferBytes) from.resume();
    });
  };
  const release = (): void => {
    timer = null;
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const left = first.due - performance.now();
      if (left > 0) {
        timer = setTimeout(release, Math.ceil(left));
        return;
      }
      waiting.shift();
      pass(first.chunk);
    }
  };
  const hold = (chunk: Buffer | null): void => {
    waiting.push({ due: performance.now() + delayMs, chunk });
    if (timer === null) release();
  };

  from.on('data', (chunk: Buffer) => {
    held += chunk.length;
    if (held >= bufferBytes) from.pause();
    hold(chunk);
  });
  from.once('end', () => hold(null));
  // What an error says, the close after it does as well.
  from.on('error', () => undefined);
  from.once('close', () => {
    if (from.readableEnded) return;
    if (timer !== null) clearTimeout(timer);
    held = 0;
    to.resetAndDestroy();
  });
  return { heldBytes: () => held };
}
