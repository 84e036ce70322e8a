import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { startStreamRelay, type StreamRelay } from './stream-relay.ts';

/** A server for whoever comes through the relay, and the relay before it. */
async function relayTo(
  serve: (socket: Socket) => void,
  options: { readonly delayMs: number; readonly bufferBytes?: number },
): Promise<StreamRelay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const relay = await startStreamRelay({ target: { host: '127.0.0.1', port }, ...options });
  onTestFinished(async () => {
    await relay.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return relay;
}

async function dial(relay: StreamRelay): Promise<Socket> {
  const socket = connect({ host: relay.host, port: relay.port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await pause(10);
  }
}

test('an answer takes both delays', async () => {
  const relay = await relayTo((socket) => socket.pipe(socket), { delayMs: 40 });
  const socket = await dial(relay);
  for (let round = 0; round < 3; round += 1) {
    const started = performance.now();
    socket.write('there and back');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('there and back');
    expect(performance.now() - started).toBeGreaterThanOrEqual(80);
  }
});

test('every byte arrives as it was sent, and the end of each direction in its turn', async () => {
  const received = createHash('sha256');
  const relay = await relayTo(
    (socket) => {
      socket.on('data', (chunk: Buffer) => received.update(chunk));
      // Answers only once all has come: the other direction is still open then.
      socket.once('end', () => socket.end(received.digest('hex')));
    },
    { delayMs: 5, bufferBytes: 100_000 },
  );
  const socket = await dial(relay);
  const sent = randomBytes(5_000_000);
  socket.end(sent);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe(createHash('sha256').update(sent).digest('hex'));
  await once(socket, 'end');
});

test('a receiver that does not read stops the sender, at the size of the buffer', async () => {
  const bufferBytes = 1 << 20;
  let reader: Socket | null = null;
  const relay = await relayTo((socket) => (reader = socket.pause()), { delayMs: 1, bufferBytes });
  const socket = await dial(relay);
  const chunk = Buffer.alloc(1 << 16);
  let accepted = 0;
  const write = (): void => {
    while (accepted < 1 << 28) {
      accepted += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', write);
  write();
  await until('the buffer is full', () => relay.heldBytes() >= bufferBytes);
  // Full, and no more than the one read that filled it; nothing more is taken as long as nobody reads.
  expect(relay.heldBytes()).toBeLessThanOrEqual(bufferBytes + (1 << 16));
  expect(accepted).toBeLessThan(1 << 28);
  let read = 0;
  (reader as Socket | null)?.on('data', (data: Buffer) => (read += data.length)).resume();
  await until('all arrives once it is read', () => read === 1 << 28);
});

test('an end that breaks off takes the other with it', async () => {
  const relay = await relayTo((socket) => socket.once('data', () => socket.resetAndDestroy()), { delayMs: 5 });
  const socket = await dial(relay);
  socket.write('break');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  await until('nothing is held', () => relay.heldBytes() === 0);
});

test('a target that is not there is a broken connection', async () => {
  const relay = await startStreamRelay({ target: { host: '127.0.0.1', port: 1 }, delayMs: 1 });
  onTestFinished(() => relay.close());
  const socket = connect({ host: relay.host, port: relay.port });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

test('says that it knows delay only, and what its buffer lets through', async () => {
  const relay = await relayTo((socket) => socket.resume(), { delayMs: 20, bufferBytes: 2_000_000 });
  expect(relay).toMatchObject({ knows: 'delay only', bufferMegabytesPerSecond: 100 });
});
