/**
 * A bad network for QUIC in one process: a UDP relay that loses, delays and forgets, without any privileges.
 *
 * It is as slow as JavaScript, so nothing may be measured through it; that is what `e2e/network` is for.
 */
import dgram, { type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type DatagramRelay = {
  readonly port: number;
  /** Share of packets lost in each direction, 0 to 1. */
  loss: number;
  /** One way. */
  delayMs: number;
  /** Everything is lost. */
  blackhole: boolean;
  /** The server sees the client at another port from now on, as after a NAT has forgotten it. */
  moveClient(): Promise<void>;
  close(): void;
};

/** The same packets are lost in every run: mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function bound(): Promise<Socket> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  // The kernel's default holds too little for a burst while JavaScript is busy.
  socket.setRecvBufferSize(4 * 1024 * 1024);
  return socket;
}

/** Relays one client to 127.0.0.1:`serverPort`. */
export async function createDatagramRelay(serverPort: number): Promise<DatagramRelay> {
  const random = seededRandom(1);
  const front = await bound();
  let client: RemoteInfo | null = null;
  let isClosed = false;

  const relay: { -readonly [Key in keyof DatagramRelay]: DatagramRelay[Key] } = {
    port: front.address().port,
    loss: 0,
    delayMs: 0,
    blackhole: false,
    moveClient: async () => {
      const next = await openBack();
      back.close();
      back = next;
    },
    close: () => {
      isClosed = true;
      front.close();
      back.close();
    },
  };
  const pass = (send: () => void): void => {
    if (relay.blackhole || random() < relay.loss) return;
    if (relay.delayMs === 0) send();
    else setTimeout(() => (isClosed ? undefined : send()), relay.delayMs);
  };
  const openBack = async (): Promise<Socket> => {
    const socket = await bound();
    socket.on('message', (packet) => {
      pass(() => {
        if (client !== null) front.send(packet, client.port, client.address, () => {});
      });
    });
    return socket;
  };
  let back = await openBack();
  front.on('message', (packet, from) => {
    client = from;
    pass(() => back.send(packet, serverPort, '127.0.0.1', () => {}));
  });
  return relay;
}
