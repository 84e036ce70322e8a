/**
 * Geometry of the throughput line: samples to SVG paths in a box of 60 × 1. Pure.
 */
import type { TrafficSample } from '#contract/agent-state.ts';

import { ratesOf, trafficWindow } from '../../state/projection.ts';

/** Below this many bytes per second the line stays near the floor, so that idle chatter does not look like load. */
const smallestScale = 2_000;

export type Sparkline = {
  readonly out: string;
  readonly outArea: string;
  readonly in: string;
  /** Highest rate shown, bytes per second. */
  readonly peak: number;
};

const round = (value: number): string => String(Math.round(value * 1000) / 1000);

/** Paths for the minute that ends with the last sample; y grows downwards. */
export function sparkline(samples: readonly TrafficSample[]): Sparkline {
  const end = samples.at(-1)?.atMs ?? 0;
  const points = samples
    .map((sample) => ({ x: trafficWindow - (end - sample.atMs) / 1000, ...ratesOf(sample) }))
    .filter((point) => point.x >= 0);
  const peak = Math.max(0, ...points.flatMap((point) => [point.bytesIn, point.bytesOut]));
  const scale = Math.max(peak, smallestScale);
  const line = (value: (point: (typeof points)[number]) => number): string =>
    points.map((point, i) => `${i === 0 ? 'M' : 'L'}${round(point.x)} ${round(1 - value(point) / scale)}`).join('');
  const out = line((point) => point.bytesOut);
  const first = points.at(0)?.x ?? 0;
  return {
    out,
    outArea: out === '' ? '' : `${out}L${trafficWindow} 1L${round(first)} 1Z`,
    in: line((point) => point.bytesIn),
    peak,
  };
}
