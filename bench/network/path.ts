/**
 * Where transports are compared, as the benchmark sees it: over an emulated network (emulated-path.ts), or through a
 * relay that knows delay only (relayed-path.ts).
 */
import type { Transport } from './transports.ts';

/** The same in both directions. */
export type Conditions = {
  readonly rttMs: number;
  readonly lossPercent: number;
  /** 0 is without a limit. */
  readonly bandwidthMbit: number;
};

export type Measured = {
  readonly megabytesPerSecond: number;
  /** Packets that were lost although nobody asked for it, as a share of all: the emulator's own failing. */
  readonly ownLoss: number;
  /** At most one of a hundred packets was later than due by more. */
  readonly lateMs: number;
};

export type Ceiling = { readonly megabytesPerSecond: number; readonly description: string };

export type Path = {
  /** What it cannot show, for the reader of the figures; null if nothing. */
  readonly shortcoming: string | null;
  can(conditions: Conditions, transport: Transport): boolean;
  measure(conditions: Conditions, transport: Transport, seconds: number): Promise<Measured>;
  /** The most that the path itself lets through, measured without any impairment. */
  ceiling(): Promise<Ceiling>;
  close(): Promise<void>;
};

/** What a server says first, and a client last. `certificate` is the path of the server's, where it has one. */
export type Ready = { readonly port: number; readonly certificate?: string };
export type Done = { readonly bytes: number; readonly ms: number };

export const startWithinMs = 30_000;
/** What a client may take beyond the seconds that it receives: to connect over a lossy path. */
export const graceMs = 60_000;

export function rateOf({ bytes, ms }: Done): number {
  return bytes / ms / 1e3;
}
