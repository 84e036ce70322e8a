/**
 * How far a lease has run down. Pure.
 */

export type LeaseAge = {
  /** Whole seconds since the last renewal, never negative: the clocks of two machines differ. */
  readonly ageSeconds: number;
  /** What is left of it, 0 to 1. */
  readonly left: number;
  readonly expired: boolean;
};

export function leaseAge(renewedAt: string, durationSeconds: number, nowMs: number): LeaseAge {
  const age = Math.max(0, (nowMs - Date.parse(renewedAt)) / 1000);
  return {
    ageSeconds: Math.floor(age),
    left: Math.max(0, 1 - age / durationSeconds),
    expired: age > durationSeconds,
  };
}
