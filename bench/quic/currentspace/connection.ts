/**
 * A QuicConnection on a session of the package, with credits of our own: per stream, for all streams, for opening them.
 *
 * The package reads everything its socket brings and keeps it, so it is the peer that must not send; one that does is
 * cut off. All streams of the package go both ways; each starts with the id that it has here.
 */
import {
  QuicConnectionError,
  type QuicConnection,
  type QuicConnectionEnd,
  type QuicReceiveStream,
  type QuicSendStream,
  type QuicStream,
  type QuicTransportOptions,
} from '#tunnel/transport/quic/backend.ts';
import { createOpenings } from '#tunnel/transport/quic/quinn/openings.ts';

import { createDecoder, encode, kinds, type Message } from './messages.ts';
import { datagramBytes, type PackageSession, type PackageStream } from './package.ts';
import { ReceiveHalf, type ReceiveOwner } from './receive-half.ts';
import { SendHalf, type SendOwner } from './send-half.ts';

/** RFC 9000 §20.1: FLOW_CONTROL_ERROR. */
const flowControlError = 3;
const headerBytes = 4;

const isFromServer = (id: number): boolean => (id & 1) === 1;
const isOneWay = (id: number): boolean => (id & 2) === 2;

export type CreditConnection = QuicConnection & {
  /** The other end's limits are known. Rejects with a QuicConnectionError. */
  readonly ready: Promise<void>;
};

export function createCreditConnection(options: {
  readonly session: PackageSession;
  readonly isServer: boolean;
  readonly transport: QuicTransportOptions;
  readonly remote: { readonly address: string; readonly port: number };
  /** What the other may send, all in all, until something of it was read. */
  readonly strangerBytes: number;
}): CreditConnection {
  const { session, isServer, transport } = options;
  const receiving = new Map<number, ReceiveHalf>();
  const sending = new Map<number, SendHalf>();
  const halves = new Map<number, number>();
  /** What was said of streams whose first byte is still on its way: the code of a reset, or null for complete. */
  const early = new Map<number, number | null>();
  let control: PackageStream | null = null;
  let end: QuicConnectionEnd | null = null;
  let closing: QuicConnectionEnd | null = null;
  let onStream: ((stream: QuicStream) => void) | null = null;
  let onReceiveStream: ((stream: QuicReceiveStream) => void) | null = null;
  let onDatagram: ((datagram: Buffer) => void) | null = null;
  const waitingStreams: QuicStream[] = [];
  const waitingReceive: QuicReceiveStream[] = [];
  const datagrams: Buffer[] = [];
  let datagramsHeld = 0;

  /** What this side may send. */
  let limit = 0;
  let sent = 0;
  let streamLimitBytes = 0;
  const retries = new Set<() => void>();
  const opened = { both: 0, oneWay: 0 };
  const mayOpen = { both: 0, oneWay: 0 };
  /** What the other side may. */
  const granted = {
    bytes: Math.min(options.strangerBytes, transport.connectionWindowBytes),
    both: transport.bidirectionalStreams,
    oneWay: transport.unidirectionalStreams,
  };
  let received = 0;
  let consumed = 0;

  let resolveClosed: (end: QuicConnectionEnd) => void = () => {};
  const closed = new Promise<QuicConnectionEnd>((resolve) => {
    resolveClosed = resolve;
  });
  let hello: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null;
  const ready = new Promise<void>((resolve, reject) => {
    hello = { resolve, reject };
  });
  ready.catch(() => {});

  const say = (kind: number, id: number, value: number): void => {
    if (end === null && control !== null) control.write(encode(kind, id, value));
  };
  const cutOff = (): void => conclude({ kind: 'transport', code: flowControlError, reason: 'more than was granted' });
  const failure = (): QuicConnectionError =>
    new QuicConnectionError(end ?? closing ?? { kind: 'local', code: 0, reason: '' });

  const halfOver = (id: number): void => {
    const left = (halves.get(id) ?? 1) - 1;
    if (left > 0) {
      halves.set(id, left);
      return;
    }
    halves.delete(id);
    if (isFromServer(id) === isServer) return;
    if (isOneWay(id)) say(kinds.unidirectionalLimit, 0, (granted.oneWay += 1));
    else say(kinds.bidirectionalLimit, 0, (granted.both += 1));
  };
  const receiveOwner: ReceiveOwner = {
    streamWindowBytes: transport.streamWindowBytes,
    grant: (id, bytes) => say(kinds.streamLimit, id, bytes),
    consumed: (count) => {
      consumed += count;
      const next = consumed + transport.connectionWindowBytes;
      if (next - granted.bytes < transport.connectionWindowBytes / 2) return;
      granted.bytes = next;
      say(kinds.connectionLimit, 0, next);
    },
    overrun: cutOff,
    sayStop: (id, code) => say(kinds.stop, id, code),
    sayFinished: (id) => say(kinds.finished, id, 0),
    receiveOver: (id) => {
      receiving.delete(id);
      halfOver(id);
    },
  };
  const sendOwner: SendOwner = {
    get streamLimitBytes() {
      return streamLimitBytes;
    },
    take: (wanted, retry) => {
      const count = Math.min(wanted, limit - sent);
      sent += count;
      if (count < wanted) retries.add(retry);
      return count;
    },
    sayReset: (id, code) => say(kinds.reset, id, code),
    sayComplete: (id) => say(kinds.complete, id, 0),
    sendOver: (id) => {
      sending.delete(id);
      halfOver(id);
    },
  };

  const receiveHalf = (id: number): ReceiveHalf => {
    const half = new ReceiveHalf(id, receiveOwner);
    receiving.set(id, half);
    return half;
  };
  const sendHalf = (id: number, open: () => PackageStream): SendHalf => {
    const half = new SendHalf(id, sendOwner, open);
    sending.set(id, half);
    return half;
  };
  const listenTo = (stream: PackageStream, half: ReceiveHalf | null): void => {
    stream.on('error', () => {});
    stream.on('data', (piece: Buffer) => arrived(half, piece));
    stream.on('end', () => half?.endSeen());
  };
  const arrived = (half: ReceiveHalf | null, piece: Buffer): void => {
    received += piece.length;
    if (received > granted.bytes) cutOff();
    else if (half === null) receiveOwner.consumed(piece.length);
    else half.arrived(piece);
  };
  /** Opens the package's stream with the first byte of ours, as QUIC would. */
  const opening = (id: number, half: ReceiveHalf | null) => (): PackageStream => {
    const stream = session.openStream();
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32BE(id);
    stream.write(header);
    listenTo(stream, half);
    return stream;
  };

  const takeStream = (stream: PackageStream): void => {
    let header = Buffer.alloc(0);
    stream.on('error', () => {});
    const read = (piece: Buffer): void => {
      header = Buffer.concat([header, piece]);
      if (header.length < headerBytes) return;
      stream.off('data', read);
      const half = announce(header.readUInt32BE(0), stream);
      if (half === null) return;
      listenTo(stream, half);
      if (header.length > headerBytes) arrived(half, header.subarray(headerBytes));
    };
    stream.on('data', read);
  };
  const announce = (id: number, stream: PackageStream): ReceiveHalf | null => {
    const sequence = Math.floor(id / 4);
    const allowed = isOneWay(id) ? granted.oneWay : granted.both;
    if (isFromServer(id) === isServer || sequence >= allowed || halves.has(id)) {
      cutOff();
      return null;
    }
    const receive = receiveHalf(id);
    if (isOneWay(id)) {
      halves.set(id, 1);
      stream.end();
      waitingReceive.push(receive);
      handOn();
    } else {
      halves.set(id, 2);
      const send = sendHalf(id, () => stream);
      waitingStreams.push({ id, receive, send });
      handOn();
    }
    const said = early.get(id);
    early.delete(id);
    if (said === null) receive.completeSaid();
    else if (said !== undefined) receive.wasReset(said);
    return receive;
  };
  const handOn = (): void => {
    if (onStream !== null) for (const stream of waitingStreams.splice(0)) onStream(stream);
    if (onReceiveStream !== null) for (const stream of waitingReceive.splice(0)) onReceiveStream(stream);
    if (onDatagram === null) return;
    datagramsHeld = 0;
    for (const datagram of datagrams.splice(0)) onDatagram(datagram);
  };

  const openings = createOpenings<QuicStream>(() => {
    if (opened.both >= mayOpen.both) return null;
    const id = opened.both * 4 + (isServer ? 1 : 0);
    opened.both += 1;
    halves.set(id, 2);
    const receive = receiveHalf(id);
    return { id, receive, send: sendHalf(id, opening(id, receive)) };
  });
  const sendOpenings = createOpenings<QuicSendStream>(() => {
    if (opened.oneWay >= mayOpen.oneWay) return null;
    const id = opened.oneWay * 4 + (isServer ? 3 : 2);
    opened.oneWay += 1;
    halves.set(id, 1);
    return sendHalf(id, opening(id, null));
  });

  const retryAll = (): void => {
    const all = [...retries];
    retries.clear();
    for (const retry of all) retry();
  };
  const take = ({ kind, id, value }: Message): void => {
    switch (kind) {
      case kinds.hello:
        hello?.resolve();
        break;
      case kinds.streamWindow:
        streamLimitBytes = value;
        break;
      case kinds.connectionLimit:
        limit = value;
        retryAll();
        break;
      case kinds.streamLimit:
        sending.get(id)?.mayHaveSent(value);
        break;
      case kinds.bidirectionalLimit:
        mayOpen.both = value;
        openings.serve();
        break;
      case kinds.unidirectionalLimit:
        mayOpen.oneWay = value;
        sendOpenings.serve();
        break;
      case kinds.stop:
        sending.get(id)?.wasStopped(value);
        break;
      case kinds.reset:
        takeReset(id, value);
        break;
      case kinds.complete:
        takeComplete(id);
        break;
      case kinds.finished:
        sending.get(id)?.wasDelivered();
        break;
      default:
        cutOff();
    }
  };
  const takeReset = (id: number, code: number): void => {
    const half = receiving.get(id);
    if (half === undefined) remember(id, code);
    else half.wasReset(code);
  };
  const takeComplete = (id: number): void => {
    const half = receiving.get(id);
    if (half === undefined) remember(id, null);
    else half.completeSaid();
  };
  const remember = (id: number, said: number | null): void => {
    if (isFromServer(id) === isServer || halves.has(id)) return;
    early.set(id, said);
    if (early.size > transport.bidirectionalStreams + transport.unidirectionalStreams) cutOff();
  };
  const takeControl = (stream: PackageStream): void => {
    control = stream;
    stream.on('error', () => {});
    stream.on('data', createDecoder(take));
    say(kinds.streamWindow, 0, transport.streamWindowBytes);
    say(kinds.connectionLimit, 0, granted.bytes);
    say(kinds.bidirectionalLimit, 0, granted.both);
    say(kinds.unidirectionalLimit, 0, granted.oneWay);
    say(kinds.hello, 0, 0);
  };

  const keepAlive = transport.keepAliveMs > 0 ? setInterval(() => session.ping(), transport.keepAliveMs) : null;
  keepAlive?.unref();
  /** Our word, or the other end's, that it is over. */
  const conclude = (ended: QuicConnectionEnd): void => {
    if (end !== null) return;
    end = ended;
    if (keepAlive !== null) clearInterval(keepAlive);
    session.close(ended.code, ended.reason);
    const error = failure();
    hello?.reject(error);
    openings.fail(error);
    sendOpenings.fail(error);
    for (const half of [...receiving.values(), ...sending.values()]) half.lost(error);
    resolveClosed(ended);
  };

  session.on('error', () => {});
  session.on('close', (info: { readonly errorCode: number; readonly reason: string }) => {
    // The package says neither who closed it nor on which level; what a timeout looks like was found by trying.
    const kind = /timed? ?out|idle/i.test(info.reason) ? 'timeout' : 'application';
    conclude(closing ?? { kind, code: info.errorCode, reason: info.reason });
  });
  session.on('stream', (stream: PackageStream) => {
    if (isServer && control === null) takeControl(stream);
    else takeStream(stream);
  });
  session.on('datagram', (datagram: Buffer) => {
    datagrams.push(datagram);
    datagramsHeld += datagram.length;
    while (datagramsHeld > transport.datagramReceiveBytes) datagramsHeld -= datagrams.shift()?.length ?? 0;
    handOn();
  });
  const start = (): void => {
    if (!isServer) takeControl(session.openStream());
  };
  start();

  const refuseIfEnded = (): void => {
    if (end !== null) throw failure();
  };
  const unavailable = (what: string): never => {
    throw new Error(`@currentspace/http3 offers no ${what}.`);
  };
  return {
    ready,
    remoteAddress: options.remote.address,
    remotePort: options.remote.port,
    get figures() {
      const metrics = session.getMetrics();
      return {
        rttMs: metrics?.rttMs ?? 0,
        sentPackets: metrics?.packetsOut ?? 0,
        lostPackets: 0,
        sentBytes: metrics?.bytesOut ?? 0,
        receivedBytes: metrics?.bytesIn ?? 0,
        congestionWindowBytes: metrics?.cwnd ?? 0,
        pathMtuBytes: 0,
      };
    },
    get maxDatagramBytes() {
      return end === null ? datagramBytes : 0;
    },
    closed,
    onStream: (listener) => {
      onStream = listener;
      handOn();
    },
    onReceiveStream: (listener) => {
      onReceiveStream = listener;
      handOn();
    },
    onDatagram: (listener) => {
      onDatagram = listener;
      handOn();
    },
    openStream: async (signal) => {
      refuseIfEnded();
      return openings.request(signal);
    },
    openSendStream: async (signal) => {
      refuseIfEnded();
      return sendOpenings.request(signal);
    },
    sendDatagram: (datagram) => end === null && datagram.length <= datagramBytes && session.sendDatagram(datagram),
    exportKeyingMaterial: () => unavailable('keying material'),
    rebind: () => unavailable('change of address'),
    close: (code, reason) => {
      closing = { kind: 'local', code, reason };
      conclude(closing);
    },
  };
}
