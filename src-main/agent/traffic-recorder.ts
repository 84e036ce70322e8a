/**
 * One traffic sample a second for the last minute, from the engine's running totals.
 */
import type { Cancel, Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { TrafficSample } from '#contract/agent-state.ts';
import type { TrafficTotals } from '#contract/engine.ts';

export type TrafficRecorder = {
  start(): void;
  stop(): void;
  /** Calls `listener` with the last minute at once, then with each new sample. Returns what ends that. */
  watch(listener: (samples: readonly TrafficSample[]) => void): () => void;
};

const intervalMs = 1000;
const keptSamples = 60;

/** Growth since `earlier`; a counter that went back belongs to a new engine and counts from zero. */
function growth(now: number, earlier: number): number {
  return now >= earlier ? now - earlier : now;
}

export function createTrafficRecorder(options: {
  readonly totals: () => TrafficTotals;
  readonly clock: Clock;
}): TrafficRecorder {
  const { totals, clock } = options;
  const added = createListeners<TrafficSample>();
  let samples: readonly TrafficSample[] = [];
  let last = totals();
  let lastAt = clock.monotonic();
  let cancel: Cancel = () => {};

  const take = (): void => {
    const now = totals();
    const at = clock.monotonic();
    const sample: TrafficSample = {
      atMs: clock.now(),
      intervalMs: Math.round(at - lastAt),
      requests: growth(now.requests, last.requests),
      bytesIn: growth(now.bytesIn, last.bytesIn),
      bytesOut: growth(now.bytesOut, last.bytesOut),
      activeStreams: now.activeStreams,
    };
    last = now;
    lastAt = at;
    samples = [...samples, sample].slice(-keptSamples);
    cancel = clock.after(intervalMs, take);
    added.emit(sample);
  };

  return {
    start: () => {
      cancel = clock.after(intervalMs, take);
    },
    stop: () => cancel(),
    watch: (listener) => {
      listener(samples);
      return added.add((sample) => listener([sample]));
    },
  };
}
