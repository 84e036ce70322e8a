/**
 * One connection of the addon as a QuicConnection.
 */
import { setImmediate } from 'node:timers';

import {
  QuicConnectionError,
  type QuicConnection,
  type QuicConnectionEnd,
  type QuicSendStream,
  type QuicStream,
} from '../backend.ts';
import type { NativeConnection, NativeEndpoint, NativeStream } from './native.ts';
import { createOpenings } from './openings.ts';
import type { Readiness } from './readiness.ts';
import { QuinnReceiveStream } from './receive-stream.ts';
import { QuinnSendStream } from './send-stream.ts';

/** Where a datagram is put before it gets a buffer of its size; no UDP payload is larger (RFC 768). For all connections. */
const room = Buffer.allocUnsafeSlow(65_535);
/** Datagrams handed on before other work gets its turn. */
const datagramsPerTurn = 256;

const lost: QuicConnectionEnd = { kind: 'local', code: 0, reason: '' };

export type OwnedConnection = QuicConnection & {
  /** Gives up what was received and not read, which keeps the socket; once the connection has ended. */
  abandon(): void;
};

export function createQuinnConnection(options: {
  readonly native: NativeConnection;
  readonly endpoint: NativeEndpoint;
  readonly readiness: Readiness;
  /** It has ended, and all that was received has been read or given up. */
  readonly onOver: () => void;
}): OwnedConnection {
  const { native, endpoint, readiness } = options;
  const handles = native.handles;
  const readNow = (): Pick<QuicConnection, 'figures' | 'remoteAddress' | 'remotePort'> => ({
    figures: native.figures,
    remoteAddress: native.remoteAddress,
    remotePort: native.remotePort,
  });
  let end: QuicConnectionEnd | null = null;
  /** What is known of it after its end. */
  let last = readNow();
  const unread = new Set<QuinnReceiveStream>();
  let onStream: ((stream: QuicStream) => void) | null = null;
  let onReceiveStream: ((stream: QuinnReceiveStream) => void) | null = null;
  let onDatagram: ((datagram: Buffer) => void) | null = null;
  let resolveClosed: (end: QuicConnectionEnd) => void = () => {};
  const closed = new Promise<QuicConnectionEnd>((resolve) => {
    resolveClosed = resolve;
  });

  const failure = (): Error => new QuicConnectionError(end ?? native.end() ?? lost);
  const receiving = (stream: NativeStream): QuinnReceiveStream => {
    const receive = new QuinnReceiveStream(stream, readiness, failure);
    unread.add(receive);
    receive.once('close', () => {
      unread.delete(receive);
      tellIfOver();
    });
    return receive;
  };
  const tellIfOver = (): void => {
    if (end !== null && unread.size === 0) options.onOver();
  };
  const abandon = (): void => {
    for (const stream of unread) stream.destroy();
  };
  const sending = (stream: NativeStream): QuinnSendStream => new QuinnSendStream(stream, readiness, failure);
  const both = (stream: NativeStream): QuicStream => ({
    id: stream.id,
    receive: receiving(stream),
    send: sending(stream),
  });

  const openings = createOpenings<QuicStream>(() => {
    const stream = native.openBidirectional();
    return stream === null ? null : both(stream);
  });
  const sendOpenings = createOpenings<QuicSendStream>(() => {
    const stream = native.openUnidirectional();
    return stream === null ? null : sending(stream);
  });

  const acceptStreams = (): void => {
    const listener = onStream;
    if (listener === null) return;
    for (let stream = native.acceptBidirectional(); stream !== null; stream = native.acceptBidirectional()) {
      listener(both(stream));
    }
  };
  const acceptReceiveStreams = (): void => {
    const listener = onReceiveStream;
    if (listener === null) return;
    for (let stream = native.acceptUnidirectional(); stream !== null; stream = native.acceptUnidirectional()) {
      listener(receiving(stream));
    }
  };
  const readDatagrams = (): void => {
    for (let count = 0; count < datagramsPerTurn; count += 1) {
      if (onDatagram === null || end !== null) return;
      const length = native.readDatagram(room);
      if (length < 0) return;
      onDatagram(Buffer.from(room.subarray(0, length)));
    }
    setImmediate(readDatagrams);
  };
  const forget = [
    readiness.when(handles.acceptBidirectional, acceptStreams),
    readiness.when(handles.acceptUnidirectional, acceptReceiveStreams),
    readiness.when(handles.openBidirectional, () => openings.serve()),
    readiness.when(handles.openUnidirectional, () => sendOpenings.serve()),
    readiness.when(handles.datagram, readDatagrams),
    readiness.when(handles.end, () => askEnd()),
  ];
  const askEnd = (): void => {
    if (end !== null) return;
    end = native.end();
    if (end === null) return;
    last = readNow();
    native.release();
    for (const off of forget) off();
    const error = new QuicConnectionError(end);
    openings.fail(error);
    sendOpenings.fail(error);
    resolveClosed(end);
    // Who closes a connection wants nothing more of it.
    if (end.kind === 'local') abandon();
    tellIfOver();
  };
  askEnd();
  const now = (): typeof last => (end === null ? readNow() : last);

  const refuseIfEnded = (): void => {
    if (end !== null) throw new QuicConnectionError(end);
  };

  return {
    closed,
    get remoteAddress() {
      return now().remoteAddress;
    },
    get remotePort() {
      return now().remotePort;
    },
    get figures() {
      return now().figures;
    },
    get maxDatagramBytes() {
      return end === null ? native.maxDatagramBytes : 0;
    },
    onStream: (listener) => {
      onStream = listener;
      acceptStreams();
    },
    onReceiveStream: (listener) => {
      onReceiveStream = listener;
      acceptReceiveStreams();
    },
    onDatagram: (listener) => {
      onDatagram = listener;
      readDatagrams();
    },
    openStream: async (signal) => {
      refuseIfEnded();
      return openings.request(signal);
    },
    openSendStream: async (signal) => {
      refuseIfEnded();
      return sendOpenings.request(signal);
    },
    sendDatagram: (datagram) =>
      native.sendDatagram(Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength)),
    exportKeyingMaterial: (length, label) => {
      const material = Buffer.alloc(length);
      native.exportKeyingMaterial(material, Buffer.from(label, 'utf8'));
      return material;
    },
    rebind: () => endpoint.rebind(),
    close: (code, reason) => native.close(code, Buffer.from(reason, 'utf8')),
    abandon,
  };
}
