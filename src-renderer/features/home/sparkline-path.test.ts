import { expect, it } from 'vitest';

import type { TrafficSample } from '#contract/agent-state.ts';

import { sparkline } from './sparkline-path.ts';

function sample(second: number, bytesOut: number, bytesIn = 0): TrafficSample {
  return { atMs: second * 1000, intervalMs: 1000, requests: 0, bytesIn, bytesOut, activeStreams: 0 };
}

it('draws nothing without samples', () => {
  expect(sparkline([])).toEqual({ out: '', outArea: '', in: '', peak: 0 });
});

it('puts the newest sample at the right edge and the peak at the top', () => {
  const line = sparkline([sample(100, 0), sample(101, 10_000), sample(102, 5_000)]);
  expect(line.out).toBe('M58 1L59 0L60 0.5');
  expect(line.outArea).toBe('M58 1L59 0L60 0.5L60 1L58 1Z');
  expect(line.peak).toBe(10_000);
});

it('does not blow idle chatter up to full height', () => {
  expect(sparkline([sample(0, 0), sample(1, 200)]).out).toBe('M59 1L60 0.9');
});

it('leaves a hole in time where it is, and drops what is older than a minute', () => {
  expect(sparkline([sample(0, 9_999_999), sample(70, 0), sample(100, 0)]).out).toBe('M30 1L60 1');
});
