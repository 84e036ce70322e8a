/**
 * Not part of `npm test`, since it fetches a package of 35 MB and several of its tests cannot pass:
 * `npm run bench -- quic-conformance`; which, and why, says docs/performance.md.
 */
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { quicTransport } from '#tunnel/limits.ts';
import { selfSigned, type Certificate } from '#tunnel/testing/certificates.ts';
import { describeQuicBackend } from '#tunnel/testing/quic-conformance.ts';
import { settled } from '#tunnel/testing/tunnel.ts';
import type { QuicListener, QuicStream } from '#tunnel/transport/quic/backend.ts';

import { createCurrentspaceBackend } from './currentspace-backend.ts';
import { encode, kinds } from './messages.ts';
import { loadCurrentspace, packageOptions, type PackageClientSession } from './package.ts';

describeQuicBackend('currentspace', () => createCurrentspaceBackend({ strangerBytes: Infinity }));

describe('credits over currentspace', () => {
  const strangerBytes = 64 * 1024;
  const alpn = 'sallyport-test/1';
  const window = 256 * 1024;
  const transport = { ...quicTransport, streamWindowBytes: window, connectionWindowBytes: 4 * window };
  let certificate: Certificate;
  let listener: QuicListener;
  let session: PackageClientSession;

  const listen = async (cap: number): Promise<void> => {
    certificate = await selfSigned(['edge.test']);
    listener = await createCurrentspaceBackend({ strangerBytes: cap }).listen({
      address: '127.0.0.1',
      port: 0,
      certificate: certificate.cert,
      key: certificate.key,
      alpn,
      transport,
      maxHandshakes: 10,
      retryFromHandshakes: 10,
      handshakeTimeoutMs: 5_000,
    });
  };
  /** A client that keeps to no credit: its side of the package, without ours. */
  const flood = async (streamCount: number): Promise<{ readonly code: number; readonly sent: number }> => {
    session = loadCurrentspace().connectQuic(
      { host: '127.0.0.1', port: listener.port },
      { ...packageOptions(transport, alpn), ca: certificate.cert, servername: 'edge.test' },
    );
    session.on('error', () => {});
    await session.ready();
    const closed = once(session, 'close') as Promise<[{ readonly errorCode: number }]>;
    const control = session.openStream().on('error', () => {});
    control.write(encode(kinds.hello, 0, 0));
    let sent = 0;
    for (let index = 0; index < streamCount; index += 1) {
      const stream = session.openStream().on('error', () => {});
      const header = Buffer.alloc(4);
      header.writeUInt32BE(index * 4);
      stream.write(header);
      const piece = Buffer.alloc(16 * 1024);
      const write = (): void => void stream.write(piece, (error) => error ?? ((sent += piece.length), write()));
      write();
    }
    const [{ errorCode }] = await closed;
    return { code: errorCode, sent };
  };
  const quiet = ({ receive, send }: QuicStream): void => {
    receive.on('error', () => {});
    send.on('error', () => {});
  };
  afterAll(() => listener.close(0, ''));

  describe('before anything was read', () => {
    beforeAll(() => listen(strangerBytes));
    it('cuts off who sends more than the cap of strangers', async () => {
      listener.onConnection((connection) => connection.onStream(quiet));
      expect((await flood(1)).code).toBe(3);
    });
  });

  describe('of one stream and of all', () => {
    beforeAll(() => listen(Infinity));
    it('cut off who sends more than a window, and hold no more than was sent until then', async () => {
      listener.onConnection((connection) => connection.onStream(quiet));
      const before = process.memoryUsage.rss();
      expect((await flood(1)).code).toBe(3);
      expect((await flood(20)).code).toBe(3);
      const grown = await settled(() => Math.round((process.memoryUsage.rss() - before) / 1024 / 1024));
      expect(grown).toBeLessThan(150);
    });
  });
});
