/**
 * What is used of `@currentspace/http3` 0.9.0: its raw QUIC in the portable runtime.
 */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

import { quicTransport } from '#tunnel/limits.ts';
import type { QuicTransportOptions } from '#tunnel/transport/quic/backend.ts';

import { provideCandidate } from '../candidates.ts';

export type PackageStream = Duplex & { readonly id: number };

export type PackageSession = EventEmitter & {
  openStream(): PackageStream;
  sendDatagram(datagram: Uint8Array): boolean;
  getMetrics(): {
    readonly packetsOut: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly rttMs: number;
    readonly cwnd: number;
  } | null;
  ping(): boolean;
  close(code: number, reason: string): unknown;
};

export type PackageServerSession = PackageSession & { readonly remoteAddress: string; readonly remotePort: number };
export type PackageClientSession = PackageSession & { ready(): Promise<void> };

export type PackageServer = EventEmitter & {
  listen(port: number, host: string): Promise<{ readonly address: string; readonly port: number }>;
  close(): Promise<void>;
};

export type CurrentspacePackage = {
  createQuicServer(options: object): PackageServer;
  connectQuic(
    authority: { readonly host: string; readonly port: number } | string,
    options: object,
  ): PackageClientSession;
};

export function loadCurrentspace(): CurrentspacePackage {
  const folder = provideCandidate('currentspace');
  return createRequire(join(folder, 'package.json'))(folder) as CurrentspacePackage;
}

/** The UDP payload it may send; larger ones do not fit every path. */
const udpPayloadBytes = 1_350;
/** Header, connection id, packet number, tag and frame header off the payload: the package does not tell what fits. */
export const datagramBytes = udpPayloadBytes - 50;

/**
 * Its windows do not stop a sender, whatever they are: it takes everything and keeps it.
 */
export function packageOptions(transport: QuicTransportOptions, alpn: string): object {
  return {
    runtimeMode: 'portable',
    fallbackPolicy: 'error',
    alpn: [alpn],
    maxIdleTimeoutMs: transport.idleTimeoutMs,
    maxUdpPayloadSize: udpPayloadBytes,
    initialMaxData: Math.min(transport.connectionWindowBytes, quicTransport.connectionWindowBytes),
    initialMaxStreamDataBidiLocal: Math.min(transport.streamWindowBytes, quicTransport.streamWindowBytes),
    // Streams in one direction are imitated, and one carries the credits.
    initialMaxStreamsBidi: transport.bidirectionalStreams + transport.unidirectionalStreams + 1,
    enableDatagrams: true,
  };
}
