/**
 * The addon of `native/quic` as JavaScript sees it; its Rust documents what each part does.
 */
import { createRequire } from 'node:module';

import type { QuicConnectionEnd, QuicConnectionFigures, QuicDialOptions, QuicListenOptions } from '../backend.ts';

/** What `read`, `write` and `settled` answer when it is no number of bytes. */
export const answers = { notYet: 0, finished: -1, aborted: -2, connectionLost: -3 } as const;

export type NativeStream = {
  readonly id: number;
  readonly readableHandle: number;
  readonly writableHandle: number;
  readonly settledHandle: number;
  readonly receiveAbortCode: number;
  readonly sendAbortCode: number;
  read(target: Buffer): number;
  write(bytes: Buffer): number;
  finish(): void;
  settled(): number;
  reset(code: number): void;
  stop(code: number): void;
};

export type NativeConnection = {
  readonly handles: {
    readonly acceptBidirectional: number;
    readonly acceptUnidirectional: number;
    readonly openBidirectional: number;
    readonly openUnidirectional: number;
    readonly datagram: number;
    readonly end: number;
  };
  readonly maxDatagramBytes: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly figures: QuicConnectionFigures;
  acceptBidirectional(): NativeStream | null;
  acceptUnidirectional(): NativeStream | null;
  openBidirectional(): NativeStream | null;
  openUnidirectional(): NativeStream | null;
  sendDatagram(bytes: Buffer): boolean;
  readDatagram(target: Buffer): number;
  exportKeyingMaterial(target: Buffer, label: Buffer): void;
  close(code: number, reason: Buffer): void;
  end(): QuicConnectionEnd | null;
  release(): void;
};

export type NativeEndpoint = {
  readonly arrivalHandle: number;
  readonly idleHandle: number;
  readonly localAddress: { readonly address: string; readonly port: number };
  arrival(): NativeConnection | QuicConnectionEnd | null;
  setCertificate(certificate: string, key: string): void;
  rebind(): void;
  close(code: number, reason: Buffer): void;
  idle(): boolean;
  release(): void;
};

type Wake = (handles: readonly number[]) => void;

export type NativeQuic = {
  readonly NativeEndpoint: {
    listen(settings: QuicListenOptions, wake: Wake): NativeEndpoint;
    dial(settings: Omit<QuicDialOptions, 'signal'>, wake: Wake): NativeEndpoint;
  };
};

/** Loads the addon from `file`, an absolute path. Throws if it is not there or not for this platform. */
export function loadNativeQuic(file: string): NativeQuic {
  return createRequire(import.meta.url)(file) as NativeQuic;
}
