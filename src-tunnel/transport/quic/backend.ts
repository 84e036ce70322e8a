/**
 * What the tunnel needs of a QUIC implementation (RFC 9000, RFC 9221), and nothing of any particular one.
 *
 * Streams are Node streams, one for each direction a stream has, because QUIC ends the two independently: a peer that
 * wants no more of a request body may still answer. Back-pressure is exact: what nobody reads stays with the sender,
 * once the stream's window is full. Every backend must pass `testing/quic-conformance.ts`.
 */
import type { Readable, Writable } from 'node:stream';

/** Bytes and milliseconds; what the peer may do, RFC 9000 §4. */
export type QuicTransportOptions = {
  /** Unread bytes of one stream. */
  readonly streamWindowBytes: number;
  /** Unread bytes of all streams together: stalled streams times their window must fit, or they stall the others. */
  readonly connectionWindowBytes: number;
  /** Written and not yet acknowledged, all streams together. */
  readonly sendWindowBytes: number;
  readonly bidirectionalStreams: number;
  readonly unidirectionalStreams: number;
  readonly idleTimeoutMs: number;
  /** 0 for none. */
  readonly keepAliveMs: number;
  /** Datagrams that nobody took yet; the oldest is dropped first. */
  readonly datagramReceiveBytes: number;
  readonly datagramSendBytes: number;
  readonly congestionControl: 'cubic' | 'bbr';
  /** Several packets in one system call, where the kernel can (Linux: GSO). */
  readonly segmentationOffload: boolean;
};

export type QuicListenOptions = {
  /** An IP address of this machine. */
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
  /** PEM, the leaf first. */
  readonly certificate: string;
  /** PEM, PKCS #8 or SEC 1. */
  readonly key: string;
  readonly alpn: string;
  readonly transport: QuicTransportOptions;
  /** Handshakes at once; a peer beyond them is refused. */
  readonly maxHandshakes: number;
  /** From this many on a peer must first prove that it receives at its address (RFC 9000 §8.1.2). */
  readonly retryFromHandshakes: number;
  readonly handshakeTimeoutMs: number;
};

export type QuicDialOptions = {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** A DNS name or an IP address, checked against the certificate. */
  readonly serverName: string;
  /** PEM: the only authorities that are trusted. */
  readonly ca: string;
  readonly alpn: string;
  readonly transport: QuicTransportOptions;
  readonly handshakeTimeoutMs: number;
  readonly signal?: AbortSignal;
};

export type QuicBackend = {
  readonly name: string;
  /** Rejects if the address is taken or the certificate unusable. */
  listen(options: QuicListenOptions): Promise<QuicListener>;
  /** Rejects with a QuicConnectionError. Resolves when the handshake is over: the peer's certificate held. */
  dial(options: QuicDialOptions): Promise<QuicConnection>;
};

export type QuicListener = {
  readonly address: string;
  readonly port: number;
  /** Connections whose handshake is over. To be set at once. */
  onConnection(listener: (connection: QuicConnection) => void): void;
  /** PEM; for connections that come from now on. Throws if they are unusable. */
  setCertificate(certificate: string, key: string): void;
  /** Ends every connection, tells the peers, and gives the port back. */
  close(code: number, reason: string): Promise<void>;
};

/** How a connection ended; RFC 9000 §10. */
export type QuicConnectionEnd = {
  readonly kind:
    /** This side closed it. */
    | 'local'
    /** The peer closed it, with a code of the application's. */
    | 'application'
    /** Either side found a fault; 0x100 to 0x1ff is a TLS alert (RFC 9001 §4.8). */
    | 'transport'
    /** The peer has forgotten it. */
    | 'reset'
    | 'timeout'
    | 'version';
  readonly code: number;
  /** The peer's words, which are for logs. */
  readonly reason: string;
};

export class QuicConnectionError extends Error {
  override readonly name = 'QuicConnectionError';
  readonly end: QuicConnectionEnd;

  constructor(end: QuicConnectionEnd) {
    super(`QUIC connection ended: ${end.kind} ${end.code} ${end.reason}`.trimEnd());
    this.end = end;
  }
}

/** The peer reset its half of a stream, or wants no more of ours. */
export class QuicStreamError extends Error {
  override readonly name = 'QuicStreamError';
  readonly kind: 'reset' | 'stopped';
  readonly code: number;

  constructor(kind: 'reset' | 'stopped', code: number) {
    super(`QUIC stream ${kind} with code ${code}`);
    this.kind = kind;
    this.code = code;
  }
}

/** Ends with 'end' only if the peer finished its half; otherwise with a QuicStreamError or a QuicConnectionError. */
export type QuicReceiveStream = Readable & {
  readonly id: number;
  /** Wants no more: STOP_SENDING with this code. Destroying the stream does the same with code 0. */
  stop(code: number): void;
};

/** 'finish' says that all was handed over. Fails with a QuicStreamError if the peer stops it, even while it is silent. */
export type QuicSendStream = Writable & {
  readonly id: number;
  /** What was written may not arrive: RESET_STREAM with this code. Destroying the stream does the same with code 0. */
  reset(code: number): void;
  /** Resolves once the peer's transport has everything up to the end: true; or never will: false. */
  delivered(): Promise<boolean>;
};

export type QuicStream = {
  readonly id: number;
  readonly receive: QuicReceiveStream;
  readonly send: QuicSendStream;
};

export type QuicConnectionFigures = {
  readonly rttMs: number;
  readonly sentPackets: number;
  readonly lostPackets: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly congestionWindowBytes: number;
  readonly pathMtuBytes: number;
};

export type QuicConnection = {
  /** Of the peer, now: it changes when the peer moves. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly figures: QuicConnectionFigures;
  /** Largest datagram that fits the path now; 0 if the peer takes none. */
  readonly maxDatagramBytes: number;
  /** Resolves, never rejects, once the connection has ended. */
  readonly closed: Promise<QuicConnectionEnd>;

  /** Opened by the peer. Until a listener is set they wait, within the peer's limit. A stream shows with its first byte. */
  onStream(listener: (stream: QuicStream) => void): void;
  onReceiveStream(listener: (stream: QuicReceiveStream) => void): void;
  /** Each datagram in a buffer of its own. */
  onDatagram(listener: (datagram: Buffer) => void): void;

  /** Waits while the peer's limit is reached. Rejects with the signal's reason or a QuicConnectionError. */
  openStream(signal?: AbortSignal): Promise<QuicStream>;
  openSendStream(signal?: AbortSignal): Promise<QuicSendStream>;
  /** False if it can never be sent: too large, or the connection has ended. Sending is no promise of arrival. */
  sendDatagram(datagram: Uint8Array): boolean;

  /** The same bytes at both ends and nowhere else: `tls-exporter` of RFC 9266 with its label. */
  exportKeyingMaterial(length: number, label: string): Buffer;
  /** Goes on from a new local address, as after a change of network. Only who dialled can. */
  rebind(): void;
  /** At once; what was not acknowledged may be lost. */
  close(code: number, reason: string): void;
};
