import { describe, expect, it } from 'vitest';

import type { AgentState, ServiceState, TrafficSample } from '#contract/agent-state.ts';

import { acceptState, acceptTraffic, describeChanges, ratesOf } from './projection.ts';

function service(name: string, phase: ServiceState['phase']): ServiceState {
  return {
    name,
    host: 'localhost',
    port: 3000,
    enabled: phase !== 'off',
    phase,
    url: null,
    steps: [],
    problem: null,
    conditions: [],
    createdAt: '2026-01-01T00:00:00Z',
    ephemeral: false,
  };
}

function state(revision: number, services: readonly ServiceState[] = [], pid = 1): AgentState {
  return {
    revision,
    agent: { version: '0.1.0', profile: 'default', runtime: 'headless', pid, startedAt: '2026-01-01T00:00:00Z' },
    controlPlane: { kind: 'none' },
    connector: null,
    engine: { phase: 'stopped', pid: null, restarts: 0, retryAt: null, connections: [] },
    services,
    warnings: [],
  };
}

function sample(atMs: number): TrafficSample {
  return { atMs, intervalMs: 1000, requests: 1, bytesIn: 10, bytesOut: 20, activeStreams: 0 };
}

describe('acceptState', () => {
  it('drops a stale revision', () => {
    const current = state(7);
    expect(acceptState(current, state(6))).toBe(current);
    expect(acceptState(current, state(8)).revision).toBe(8);
  });

  it('begins anew with an agent that was restarted', () => {
    expect(acceptState(state(700), state(1, [], 2)).revision).toBe(1);
  });

  it('keeps the identity of services that did not change', () => {
    const current = state(1, [service('a', 'ready'), service('b', 'ready')]);
    const next = acceptState(current, state(2, [service('b', 'off'), service('a', 'ready')]));
    expect(next.services[1]).toBe(current.services[0]);
    expect(next.services[0]).toEqual(service('b', 'off'));
  });
});

describe('acceptTraffic', () => {
  it('adds what is newer and keeps a minute', () => {
    const minute = Array.from({ length: 60 }, (_, i) => sample(i * 1000));
    const next = acceptTraffic(minute, [sample(58_000), sample(59_000), sample(60_000)]);
    expect(next).toHaveLength(60);
    expect([next[0]?.atMs, next.at(-1)?.atMs]).toEqual([1000, 60_000]);
  });

  it('is the same list when nothing is new', () => {
    const samples = [sample(1000)];
    expect(acceptTraffic(samples, [sample(1000)])).toBe(samples);
  });
});

it('turns an interval into rates', () => {
  expect(ratesOf({ ...sample(0), intervalMs: 500 })).toEqual({ bytesIn: 20, bytesOut: 40, requests: 2 });
});

describe('describeChanges', () => {
  it('says what became of services, and nothing else', () => {
    const before = [service('a', 'publishing'), service('b', 'ready'), service('c', 'ready')];
    const after = [service('a', 'ready'), service('b', 'failing'), service('c', 'ready')];
    expect(describeChanges(before, after)).toBe('a is online. b has a problem: unknown.');
    expect(describeChanges(after, after)).toBe('');
  });
});
