/**
 * What every QuicBackend must do, for the tests of each: run over real UDP sockets on loopback.
 */
import { createHash, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';

import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import { quicTransport } from '../limits.ts';
import type {
  QuicBackend,
  QuicConnection,
  QuicConnectionError,
  QuicDialOptions,
  QuicListener,
  QuicListenOptions,
  QuicReceiveStream,
  QuicStream,
  QuicStreamError,
  QuicTransportOptions,
} from '../transport/quic/backend.ts';
import { selfSigned, type Certificate } from './certificates.ts';
import { createDatagramRelay, type DatagramRelay } from './datagram-relay.ts';
import { settled, until } from './tunnel.ts';

const MiB = 1024 * 1024;
const alpn = 'sallyport-test/1';

type Pair = { readonly listener: QuicListener; readonly client: QuicConnection; readonly server: QuicConnection };

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function failureOf<T extends Error>(promise: Promise<unknown>): Promise<T> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: T) => error,
  );
}

/** The error a stream ends with. */
async function errorOf(stream: NodeJS.EventEmitter): Promise<QuicStreamError & QuicConnectionError> {
  const [error] = (await once(stream, 'error')) as [QuicStreamError & QuicConnectionError];
  return error;
}

/** The same connection, whose streams nobody has to listen to for errors: most end with their test. */
function forgiving(connection: QuicConnection): QuicConnection {
  const quiet = <T extends NodeJS.EventEmitter>(stream: T): T => stream.on('error', () => {});
  const quietBoth = (stream: QuicStream): QuicStream => {
    quiet(stream.receive);
    quiet(stream.send);
    return stream;
  };
  const overrides: Partial<QuicConnection> = {
    onStream: (listener) => connection.onStream((stream) => listener(quietBoth(stream))),
    onReceiveStream: (listener) => connection.onReceiveStream((stream) => listener(quiet(stream))),
    openStream: async (signal) => quietBoth(await connection.openStream(signal)),
    openSendStream: async (signal) => quiet(await connection.openSendStream(signal)),
  };
  // Everything else is inherited.
  return Object.assign(Object.create(connection) as QuicConnection, overrides);
}

/** Sends everything back. */
function echo(stream: QuicStream): void {
  stream.receive.pipe(stream.send);
}

async function ask(connection: QuicConnection, request: Uint8Array): Promise<Buffer> {
  const stream = await connection.openStream();
  stream.send.end(request);
  return buffer(stream.receive);
}

/** `open` gives the backend, once for all tests. */
export function describeQuicBackend(name: string, open: () => QuicBackend | Promise<QuicBackend>): void {
  describe(`QUIC backend ${name}`, () => {
    let backend: QuicBackend;
    let certificate: Certificate;
    const cleanUps: (() => unknown)[] = [];

    beforeAll(async () => {
      backend = await open();
      certificate = await selfSigned(['edge.test']);
    });
    afterEach(async () => {
      for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    });

    const listen = async (
      options: Partial<QuicListenOptions> = {},
      transport: Partial<QuicTransportOptions> = {},
    ): Promise<QuicListener> => {
      const listener = await backend.listen({
        address: '127.0.0.1',
        port: 0,
        certificate: certificate.cert,
        key: certificate.key,
        alpn,
        maxHandshakes: 100,
        retryFromHandshakes: 50,
        handshakeTimeoutMs: 5_000,
        ...options,
        transport: { ...quicTransport, ...transport },
      });
      cleanUps.push(() => listener.close(0, 'test over'));
      return {
        ...listener,
        onConnection: (onConnection) => listener.onConnection((connection) => onConnection(forgiving(connection))),
      };
    };
    const dial = async (
      port: number,
      options: Partial<QuicDialOptions> = {},
      transport: Partial<QuicTransportOptions> = {},
    ): Promise<QuicConnection> => {
      const connection = await backend.dial({
        address: '127.0.0.1',
        port,
        serverName: 'edge.test',
        ca: certificate.cert,
        alpn,
        handshakeTimeoutMs: 5_000,
        ...options,
        transport: { ...quicTransport, ...transport },
      });
      cleanUps.push(() => connection.close(0, 'test over'));
      return forgiving(connection);
    };
    const join = async (
      listener: QuicListener,
      port: number,
      transport: Partial<QuicTransportOptions>,
    ): Promise<Pair> => {
      const accepted = new Promise<QuicConnection>((resolve) => listener.onConnection(resolve));
      const client = await dial(port, {}, transport);
      return { listener, client, server: await accepted };
    };
    const connect = async (
      transport: Partial<QuicTransportOptions> = {},
      dialled: Partial<QuicTransportOptions> = transport,
    ): Promise<Pair> => {
      const listener = await listen({}, transport);
      return join(listener, listener.port, dialled);
    };
    const relayed = async (
      transport: Partial<QuicTransportOptions> = {},
    ): Promise<Pair & { readonly relay: DatagramRelay }> => {
      const listener = await listen({}, transport);
      const relay = await createDatagramRelay(listener.port);
      // Closed last: the connection still says good-bye through it.
      cleanUps.unshift(() => relay.close());
      return { ...(await join(listener, relay.port, transport)), relay };
    };

    describe('streams', () => {
      it('are opened by either end, in both directions and in one', async () => {
        const { client, server } = await connect();
        for (const [opener, other] of [
          [client, server],
          [server, client],
        ] as const) {
          other.onStream(echo);
          expect((await ask(opener, Buffer.from('both ways'))).toString()).toBe('both ways');

          const received = new Promise<QuicReceiveStream>((resolve) => other.onReceiveStream(resolve));
          (await opener.openSendStream()).end('one way');
          expect((await buffer(await received)).toString()).toBe('one way');
        }
      });

      it('carry much in both directions at once, unchanged', async () => {
        const { client, server } = await connect();
        server.onStream(echo);
        const bodies = Array.from({ length: 4 }, () => randomBytes(6 * MiB));
        const answers = await Promise.all(bodies.map((body) => ask(client, body)));
        expect(answers.map(sha256)).toEqual(bodies.map(sha256));
      });

      it('end empty when nothing was written', async () => {
        const { client, server } = await connect();
        server.onStream(echo);
        expect(await ask(client, Buffer.alloc(0))).toHaveLength(0);
      });

      it('are told apart by ids as RFC 9000 §2.1 has them', async () => {
        const { client, server } = await connect();
        expect((await client.openStream()).id).toBe(0);
        expect((await client.openStream()).id).toBe(4);
        expect((await client.openSendStream()).id).toBe(2);
        expect((await server.openStream()).id).toBe(1);
        expect((await server.openSendStream()).id).toBe(3);
      });

      it('can be ten thousand at once', async () => {
        const count = 10_000;
        const { client, server } = await connect({ bidirectionalStreams: count });
        const arrived: QuicStream[] = [];
        server.onStream((stream) => arrived.push(stream));
        const streams = await Promise.all(Array.from({ length: count }, () => client.openStream()));
        for (const stream of streams) stream.send.write(`${stream.id}`);
        await until(() => arrived.length === count, 60_000);
        for (const stream of arrived) echo(stream);
        const answers = await Promise.all(
          streams.map((stream) => {
            stream.send.end();
            return buffer(stream.receive);
          }),
        );
        expect(answers.map(String)).toEqual(streams.map(({ id }) => `${id}`));
      }, 120_000);

      it('wait where the peer allows no more, and go on when one has ended', async () => {
        const { client, server } = await connect({ bidirectionalStreams: 2 });
        const arrived: QuicStream[] = [];
        server.onStream((stream) => arrived.push(stream));
        const first = await client.openStream();
        await client.openStream();
        const abort = new AbortController();
        const givenUp = failureOf(client.openStream(abort.signal));
        let third: QuicStream | null = null;
        const opened = client.openStream().then((stream) => (third = stream));
        first.send.end('over');
        await until(() => arrived.length > 0);
        expect(third).toBeNull();
        abort.abort(new Error('no more'));
        expect((await givenUp).message).toBe('no more');
        for (const stream of arrived) echo(stream);
        await buffer(first.receive);
        await opened;
      });
    });

    describe('back-pressure', () => {
      it('stops the sender of an unread stream at its window, and loses nothing', async () => {
        const window = 1 * MiB;
        const { client, server } = await connect({ streamWindowBytes: window });
        const arrived = new Promise<QuicStream>((resolve) => server.onStream(resolve));
        const { send } = await client.openStream();
        const body = randomBytes(32 * MiB);
        let taken = 0;
        const piece = 64 * 1024;
        const write = async (): Promise<void> => {
          for (let at = 0; at < body.length; at += piece) {
            const chunk = body.subarray(at, at + piece);
            await new Promise<void>((resolve, reject) => {
              send.write(chunk, (error) => (error ? reject(error) : resolve()));
            });
            taken += chunk.length;
          }
          send.end();
        };
        const written = write();
        const stream = await arrived;
        const held = await settled(() => taken);
        expect(held).toBeGreaterThan(0);
        // The window, and what either end holds in streams of its own.
        expect(held).toBeLessThanOrEqual(window + 4 * piece);
        // Who has begun to read and goes no further stops it as well.
        await once(stream.receive, 'readable');
        expect(await settled(() => taken)).toBeLessThanOrEqual(window + 8 * piece);
        expect(sha256(await buffer(stream.receive))).toBe(sha256(body));
        await written;
      });

      it('of stalled streams does not stop another', async () => {
        const { client, server } = await connect();
        const stalled: QuicStream[] = [];
        server.onStream((stream) => {
          if (stalled.length < 24) stalled.push(stream);
          else echo(stream);
        });
        const bulk = randomBytes(8 * MiB);
        for (let count = 0; count < 24; count += 1) {
          const { send } = await client.openStream();
          send.write(bulk);
        }
        await until(() => stalled.length === 24);
        expect(sha256(await ask(client, bulk))).toBe(sha256(bulk));
      }, 30_000);
    });

    describe('what stalled streams hold', () => {
      const window = 256 * 1024;
      const giveUp: Readonly<Record<string, (sent: QuicStream, arrived: QuicStream) => void>> = {
        'stopped by their reader': (_sent, arrived) => arrived.receive.stop(1),
        'destroyed by their reader': (_sent, arrived) => void arrived.receive.destroy(),
        'reset by their writer': (sent, arrived) => {
          sent.send.reset(1);
          // As whoever forwards a body does: it reads on until it learns of the reset.
          arrived.receive.resume();
        },
      };
      for (const [how, giveUpOne] of Object.entries(giveUp)) {
        it(`goes to the others once they are ${how}`, async () => {
          const { client, server } = await connect({ streamWindowBytes: window, connectionWindowBytes: 4 * window });
          const stalled: QuicStream[] = [];
          server.onStream((stream) => {
            if (stalled.length < 4) stalled.push(stream);
            else echo(stream);
          });
          const sent = await Promise.all(Array.from({ length: 4 }, () => client.openStream()));
          for (const { send } of sent) send.write(Buffer.alloc(2 * window));
          await until(() => stalled.length === 4);
          for (const stream of stalled) {
            const partner = sent.find(({ id }) => id === stream.id);
            if (partner !== undefined) giveUpOne(partner, stream);
          }
          const body = randomBytes(8 * window);
          expect(sha256(await ask(client, body))).toBe(sha256(body));
        });
      }
    });

    describe('an end of a stream that is none', () => {
      it('by reset reaches the reader with its code', async () => {
        const { client, server } = await connect();
        const arrived = new Promise<QuicStream>((resolve) => server.onStream(resolve));
        const { send } = await client.openStream();
        send.write('half of ');
        const { receive } = await arrived;
        receive.resume();
        const failed = errorOf(receive);
        send.reset(0x10c);
        expect(await failed).toMatchObject({ kind: 'reset', code: 0x10c });
        expect(receive.readableEnded).toBe(false);
      });

      it('by a destroyed writer is never taken for the whole', async () => {
        const { client, server } = await connect();
        const arrived = new Promise<QuicStream>((resolve) => server.onStream(resolve));
        const { send } = await client.openStream();
        send.write('half of ');
        const { receive } = await arrived;
        receive.resume();
        const failed = errorOf(receive);
        send.destroy();
        expect(await failed).toMatchObject({ kind: 'reset', code: 0 });
      });

      it('by stop reaches a writer that is silent, with its code, while the answer goes on', async () => {
        const { client, server } = await connect();
        const arrived = new Promise<QuicStream>((resolve) => server.onStream(resolve));
        const asked = await client.openStream();
        asked.send.write('I could go on');
        const failed = errorOf(asked.send);
        const { receive, send } = await arrived;
        receive.stop(0x100);
        expect(await failed).toMatchObject({ kind: 'stopped', code: 0x100 });
        send.end('enough');
        expect((await buffer(asked.receive)).toString()).toBe('enough');
      });

      it('leaves the connection to the others', async () => {
        const { client, server } = await connect();
        server.onStream(echo);
        for (let count = 0; count < 100; count += 1) {
          const { send, receive } = await client.openStream();
          send.write(randomBytes(100_000));
          receive.stop(1);
          send.reset(2);
        }
        expect((await ask(client, Buffer.from('still here'))).toString()).toBe('still here');
      });
    });

    describe('delivery', () => {
      it('is told once the peer has everything', async () => {
        const { client, server } = await connect();
        server.onReceiveStream((stream) => void stream.resume());
        const send = await client.openSendStream();
        send.end(randomBytes(300_000));
        expect(await send.delivered()).toBe(true);
      });

      it('is denied when the peer wants no more, or the connection has ended', async () => {
        const { client, server } = await connect();
        const received: QuicReceiveStream[] = [];
        server.onReceiveStream((stream) => received.push(stream));
        const stopped = await client.openSendStream();
        stopped.write('x');
        await until(() => received.length === 1);
        received[0]?.stop(1);
        expect(await stopped.delivered()).toBe(false);

        const lost = await client.openSendStream();
        lost.write('x');
        server.close(0, '');
        expect(await lost.delivered()).toBe(false);
      });
    });

    describe('datagrams', () => {
      it('go both ways as they were', async () => {
        const { client, server } = await connect();
        for (const [from, to] of [
          [client, server],
          [server, client],
        ] as const) {
          const received: Buffer[] = [];
          to.onDatagram((datagram) => received.push(datagram));
          const sent = Array.from({ length: 20 }, (_, index) => randomBytes(1 + index * 50));
          for (const datagram of sent) expect(from.sendDatagram(datagram)).toBe(true);
          await until(() => received.length === sent.length);
          expect(received.map(sha256)).toEqual(sent.map(sha256));
        }
      });

      it('say what fits, and refuse what does not', async () => {
        const { client } = await connect();
        expect(client.maxDatagramBytes).toBeGreaterThanOrEqual(1150);
        expect(client.sendDatagram(Buffer.alloc(client.maxDatagramBytes))).toBe(true);
        expect(client.sendDatagram(Buffer.alloc(65_000))).toBe(false);
      });

      it('that nobody takes are dropped, the oldest first, and cost bounded memory', async () => {
        const { client, server } = await connect({ datagramReceiveBytes: 100_000 });
        server.onStream(echo);
        for (let count = 0; count < 20; count += 1) {
          for (let index = 0; index < 100; index += 1) client.sendDatagram(Buffer.alloc(1000, count));
          await ask(client, Buffer.from('let them arrive'));
        }
        // What is still on its way would count as kept.
        await settled(() => server.figures.receivedBytes);
        const received: Buffer[] = [];
        server.onDatagram((datagram) => received.push(datagram));
        const kept = await settled(() => received.length);
        expect(kept).toBeGreaterThan(0);
        expect(kept).toBeLessThanOrEqual(100);
        // Of twenty rounds a twentieth is kept: none of the first.
        expect(received[0]?.[0]).toBeGreaterThan(0);
      });
    });

    describe('the TLS handshake', () => {
      it('gives both ends the same exported keying material, another for each connection', async () => {
        const { client, server, listener } = await connect();
        const label = 'EXPORTER-Channel-Binding';
        const mine = client.exportKeyingMaterial(32, label);
        expect(server.exportKeyingMaterial(32, label)).toEqual(mine);
        expect(client.exportKeyingMaterial(32, 'EXPORTER-Other')).not.toEqual(mine);
        const another = await dial(listener.port);
        expect(another.exportKeyingMaterial(32, label)).not.toEqual(mine);
      });

      it('refuses a certificate of another authority', async () => {
        const { port } = await listen();
        const { cert } = await selfSigned(['edge.test']);
        const error = await failureOf<QuicConnectionError>(dial(port, { ca: cert }));
        expect(error.end.kind).toBe('transport');
        expect(error.end.code).toBeGreaterThanOrEqual(0x100);
        expect(error.end.code).toBeLessThan(0x200);
      });

      it('refuses a certificate for another name', async () => {
        const { port } = await listen();
        const error = await failureOf<QuicConnectionError>(dial(port, { serverName: 'other.test' }));
        expect(error.end.kind).toBe('transport');
      });

      it('accepts the address as the name', async () => {
        const { port } = await listen();
        await dial(port, { serverName: '127.0.0.1' });
      });

      it('refuses a peer with another protocol (ALPN)', async () => {
        const { port } = await listen();
        const error = await failureOf<QuicConnectionError>(dial(port, { alpn: 'h3' }));
        // no_application_protocol, RFC 7301 §3.2.
        expect(error.end).toMatchObject({ kind: 'transport', code: 0x100 + 120 });
      });

      it('uses a new certificate for new connections and leaves the old ones', async () => {
        const { client, server, listener } = await connect();
        server.onStream(echo);
        const renewed = await selfSigned(['edge.test']);
        listener.setCertificate(renewed.cert, renewed.key);
        await dial(listener.port, { ca: renewed.cert });
        await failureOf(dial(listener.port));
        expect((await ask(client, Buffer.from('still here'))).toString()).toBe('still here');
        expect(() => listener.setCertificate('nonsense', renewed.key)).toThrow();
      });

      it('is given up when nobody answers, and when the caller gives up', async () => {
        const silent = dgram.createSocket('udp4');
        cleanUps.push(() => silent.close());
        silent.bind(0, '127.0.0.1');
        await once(silent, 'listening');
        const { port } = silent.address();
        const error = await failureOf<QuicConnectionError>(dial(port, { handshakeTimeoutMs: 200 }));
        expect(error.end.kind).toBe('timeout');
        const abort = new AbortController();
        const aborted = failureOf(dial(port, { signal: abort.signal }));
        abort.abort(new Error('changed my mind'));
        expect((await aborted).message).toBe('changed my mind');
      });
    });

    describe('the end of a connection', () => {
      it('reaches the peer with code and reason, and every stream with it', async () => {
        const { client, server } = await connect();
        const arrived = new Promise<QuicStream>((resolve) => server.onStream(resolve));
        const { send, receive } = await client.openStream();
        send.write('hello');
        await arrived;
        const failures = Promise.all([errorOf(send), errorOf(receive.resume())]);
        server.close(42, 'maintenance');
        expect(await client.closed).toEqual({ kind: 'application', code: 42, reason: 'maintenance' });
        expect(await server.closed).toMatchObject({ kind: 'local' });
        for (const { end } of await failures) expect(end).toMatchObject({ kind: 'application', code: 42 });
        expect(await failureOf<QuicConnectionError>(client.openStream())).toMatchObject({ end: { code: 42 } });
        expect(client.sendDatagram(Buffer.from('late'))).toBe(false);
      });

      it('comes by itself after silence', async () => {
        const { client, server } = await connect({ idleTimeoutMs: 200, keepAliveMs: 0 });
        expect(await client.closed).toMatchObject({ kind: 'timeout' });
        expect(await server.closed).toMatchObject({ kind: 'timeout' });
      });

      it('does not come while keep-alives are answered, and comes when they are not', async () => {
        const { client, server, relay } = await relayed({ idleTimeoutMs: 600, keepAliveMs: 100 });
        server.onStream(echo);
        const { sentPackets } = client.figures;
        await until(() => client.figures.sentPackets > sentPackets + 15);
        expect((await ask(client, Buffer.from('awake'))).toString()).toBe('awake');
        relay.blackhole = true;
        expect(await client.closed).toMatchObject({ kind: 'timeout' });
      });

      it('of the listener ends all and frees its port', async () => {
        const { client, listener } = await connect();
        await Promise.all([listener.close(7, 'bye'), listener.close(7, 'bye')]);
        expect(await client.closed).toEqual({ kind: 'application', code: 7, reason: 'bye' });
        const isFree = async (): Promise<boolean> => {
          const socket = dgram.createSocket('udp4');
          socket.bind(listener.port, '127.0.0.1');
          const bound = once(socket, 'listening').then(() => true);
          return bound.catch(() => false).finally(() => socket.close());
        };
        let free = await isFree();
        for (let attempt = 0; !free && attempt < 200; attempt += 1) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          free = await isFree();
        }
        expect(free).toBe(true);
      });
    });

    describe('on a bad network', () => {
      it('loses nothing where one packet in fifty is lost', async () => {
        const { client, server, relay } = await relayed();
        server.onStream(echo);
        relay.loss = 0.02;
        relay.delayMs = 5;
        const bodies = Array.from({ length: 3 }, () => randomBytes(1 * MiB));
        const answers = await Promise.all(bodies.map((body) => ask(client, body)));
        expect(answers.map(sha256)).toEqual(bodies.map(sha256));
        expect(client.figures.lostPackets + server.figures.lostPackets).toBeGreaterThan(0);
      }, 60_000);

      it('goes on when the client moves to another address', async () => {
        const { client, server } = await connect();
        server.onStream(echo);
        await ask(client, Buffer.from('from here'));
        const before = server.remotePort;
        const { send, receive } = await client.openStream();
        send.write('half, ');
        client.rebind();
        send.end('and half');
        expect((await buffer(receive)).toString()).toBe('half, and half');
        expect(server.remotePort).not.toBe(before);
      });

      it('goes on when a NAT forgets the client', async () => {
        const { client, server, relay } = await relayed();
        server.onStream(echo);
        await ask(client, Buffer.from('from here'));
        const before = server.remotePort;
        await relay.moveClient();
        expect((await ask(client, Buffer.from('from there'))).toString()).toBe('from there');
        expect(server.remotePort).not.toBe(before);
      });

      it('measures the round-trip time', async () => {
        const { client, server, relay } = await relayed();
        server.onStream(echo);
        relay.delayMs = 50;
        for (let count = 0; count < 20; count += 1) await ask(client, Buffer.from('how long?'));
        expect(client.figures.rttMs).toBeGreaterThan(50);
        expect(client.figures.pathMtuBytes).toBeGreaterThanOrEqual(1200);
      });
    });

    describe('against hostile peers', () => {
      it('ignores what is not QUIC', async () => {
        const { client, server, listener } = await connect();
        server.onStream(echo);
        const stranger = dgram.createSocket('udp4');
        cleanUps.push(() => stranger.close());
        for (let count = 0; count < 2_000; count += 1) {
          const packet = randomBytes(1 + ((count * 7) % 1400));
          // Every other one looks like a first packet of version 1 (RFC 9000 §17.2.2).
          if (count % 2 === 0) Buffer.from('c00000000108', 'hex').copy(packet);
          await new Promise<void>((resolve) => stranger.send(packet, listener.port, '127.0.0.1', () => resolve()));
        }
        expect((await ask(client, Buffer.from('unmoved'))).toString()).toBe('unmoved');
        await dial(listener.port);
      });

      it('bounds handshakes, and serves who is connected meanwhile', async () => {
        const listener = await listen({ maxHandshakes: 20, retryFromHandshakes: 5 });
        const accepted: QuicConnection[] = [];
        const first = dial(listener.port);
        await first;
        // Nobody takes the connections that come, so that they count as under way.
        const attempts = await Promise.allSettled(
          Array.from({ length: 60 }, () => dial(listener.port, { handshakeTimeoutMs: 4_000 })),
        );
        const refused = attempts.flatMap((attempt) =>
          attempt.status === 'rejected' ? [(attempt.reason as QuicConnectionError).end.kind] : [],
        );
        // Refused at once, and not left to wait until it gives up.
        expect(refused.filter((kind) => kind !== 'timeout').length).toBeGreaterThanOrEqual(40);
        listener.onConnection((connection) => accepted.push(connection));
        expect(accepted.length).toBeLessThanOrEqual(20);
        accepted[0]?.onStream(echo);
        expect((await ask(await first, Buffer.from('served'))).toString()).toBe('served');
        await dial(listener.port);
      }, 20_000);

      it('holds no more for a peer that floods all its streams than their windows', async () => {
        const transport = { streamWindowBytes: 256 * 1024, connectionWindowBytes: 2 * MiB };
        const { client, server } = await connect(transport, {});
        server.onStream(() => {});
        let taken = 0;
        const bulk = Buffer.alloc(64 * 1024);
        for (let count = 0; count < 50; count += 1) {
          const { send } = await client.openStream();
          const write = (): void => void send.write(bulk, (error) => error ?? ((taken += bulk.length), write()));
          write();
        }
        const held = await settled(() => taken);
        expect(held).toBeLessThanOrEqual(2 * MiB + 50 * bulk.length);
      });

      it('shows the peer no stream that was refused by nobody asking', async () => {
        const { client, server } = await connect({ bidirectionalStreams: 10 });
        const pending = Array.from({ length: 30 }, () => client.openStream().then((stream) => stream.send.write('x')));
        for (const opening of pending) opening.catch(() => {});
        await Promise.all(pending.slice(0, 10));
        let arrived = 0;
        server.onStream(() => (arrived += 1));
        expect(await settled(() => arrived)).toBe(10);
      });
    });

    it('works over IPv6', async () => {
      const listener = await listen({ address: '::1' });
      listener.onConnection((connection) => connection.onStream(echo));
      const client = await dial(listener.port, { address: '::1' });
      expect(client.remoteAddress).toBe('::1');
      expect((await ask(client, Buffer.from('six'))).toString()).toBe('six');
    });

    it('says at once what it cannot listen on', async () => {
      await expect(listen({ address: 'nowhere' })).rejects.toThrow();
      const { port } = await listen();
      await expect(listen({ port })).rejects.toThrow();
      await expect(listen({ certificate: 'nonsense' })).rejects.toThrow();
    });

    it('counts what it carries', async () => {
      const { client, server } = await connect();
      server.onReceiveStream((stream) => void stream.resume());
      const send = await client.openSendStream();
      send.end(randomBytes(1 * MiB));
      await finished(send);
      await send.delivered();
      expect(client.figures.sentBytes).toBeGreaterThan(1 * MiB);
      expect(server.figures.receivedBytes).toBeGreaterThan(1 * MiB);
    });
  });
}
