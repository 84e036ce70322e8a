/**
 * What went through the engine, in totals since it started. Payload bytes only.
 */
import type { TrafficTotals } from '#contract/engine.ts';

export type Counters = {
  /** Counts a request that runs until the returned function is called. */
  begin(): () => void;
  /** Towards the services. */
  readonly bytesIn: (count: number) => void;
  /** From the services to visitors. */
  readonly bytesOut: (count: number) => void;
  totals(): TrafficTotals;
};

export function createCounters(): Counters {
  let requests = 0;
  let bytesIn = 0;
  let bytesOut = 0;
  let activeStreams = 0;
  return {
    begin: () => {
      requests += 1;
      activeStreams += 1;
      return () => {
        activeStreams -= 1;
      };
    },
    bytesIn: (count) => {
      bytesIn += count;
    },
    bytesOut: (count) => {
      bytesOut += count;
    },
    totals: () => ({ requests, bytesIn, bytesOut, activeStreams }),
  };
}
