/**
 * Exponential back-off with full jitter: the n-th delay is uniform in [0, min(cap, first·2ⁿ)], never below `floorMs`.
 */

export type BackoffOptions = {
  readonly firstMs: number;
  readonly capMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

export type Backoff = {
  /** The delay before the next attempt, in milliseconds. */
  next(): number;
  reset(): void;
  /** Attempts since the last reset. */
  readonly attempts: number;
};

/** Smallest delay: an immediate retry after a failure would spin. */
const floorMs = 50;
/** 2^30 · first is beyond any cap; stops the exponent from overflowing. */
const maxExponent = 30;

export function createBackoff({ firstMs, capMs, random }: BackoffOptions): Backoff {
  let attempts = 0;
  return {
    next: () => {
      const ceiling = Math.min(capMs, firstMs * 2 ** Math.min(attempts, maxExponent));
      attempts += 1;
      return Math.max(floorMs, Math.round(random() * ceiling));
    },
    reset: () => {
      attempts = 0;
    },
    get attempts() {
      return attempts;
    },
  };
}
