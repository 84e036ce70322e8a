/**
 * What an emulated link does to packets, and what it counts. Each value is for one direction.
 */
export type Side = 'left' | 'right';
export type Direction = 'leftToRight' | 'rightToLeft';

export type Impairment = {
  /** How long each packet takes: half of the round-trip time, where both directions have it. */
  readonly delayMs: number;
  /** How far the delay may lie from `delayMs`, evenly. Packets keep their order: jitter alone reorders nothing. */
  readonly jitterMs: number;
  /** Share of the packets that get lost, each independently of the others. */
  readonly lossPercent: number;
  /** Share of the packets that take `reorderMs` longer, so that those behind overtake them. */
  readonly reorderPercent: number;
  readonly reorderMs: number;
  /** 10^6 bits of IP packets, headers included, a second; 0 is without a limit. */
  readonly bandwidthMbit: number;
  /** A packet that would have to wait longer for the bandwidth is dropped. */
  readonly queueMs: number;
};

export const perfectLink: Impairment = {
  delayMs: 0,
  jitterMs: 0,
  lossPercent: 0,
  reorderPercent: 0,
  reorderMs: 0,
  bandwidthMbit: 0,
  queueMs: 100,
};

export type Amount = { readonly packets: number; readonly bytes: number };

/** What has become of the packets of one direction. Bytes are those of IP packets. */
export type DirectionCounts = {
  readonly arrived: Amount;
  readonly forwarded: Amount;
  /** By `lossPercent`. */
  readonly lost: Amount;
  /** Dropped because the queue before the bandwidth limit was full. */
  readonly queueFull: Amount;
  /** By the blackhole. */
  readonly swallowed: Amount;
  /** Sent to an address that a side had before it was rebound. */
  readonly unmapped: Amount;
  /** A part of those forwarded or still on their way. */
  readonly reordered: Amount;
  /** Packets that have arrived and are not due yet; a reset leaves it as it is. */
  readonly onTheWay: number;

  /** From here on it is the emulator's own failing. More packets were on their way than it holds (65,536). */
  readonly memoryFull: Amount;
  /** By the receiving device. */
  readonly refused: Amount;
  /** Packets that the emulator did not take from the sending device in time. */
  readonly overruns: number;
  /** How much later than due packets were delivered, in microseconds, rounded up to a power of two. */
  readonly lateUs: { readonly p50: number; readonly p99: number; readonly max: number };
};

export type Counts = Readonly<Record<Direction, DirectionCounts>>;
