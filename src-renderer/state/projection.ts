/**
 * How what the agent sends becomes what the window shows. Pure; knows nothing of React, sockets or the clock.
 */
import type { AgentState, ServiceState, TrafficSample } from '#contract/agent-state.ts';

/** One sample a second for a minute. */
export const trafficWindow = 60;

function isSameAgent(a: AgentState, b: AgentState): boolean {
  return a.agent.pid === b.agent.pid && a.agent.startedAt === b.agent.startedAt;
}

/** Services that did not change keep their identity, so that their rows need not be drawn again. */
function shareServices(current: readonly ServiceState[], next: readonly ServiceState[]): readonly ServiceState[] {
  const known = new Map(current.map((service) => [service.name, service]));
  return next.map((service) => {
    const before = known.get(service.name);
    return before !== undefined && JSON.stringify(before) === JSON.stringify(service) ? before : service;
  });
}

/** The newer of two states. A state of the same agent with a smaller revision than `current` is stale and dropped. */
export function acceptState(current: AgentState | null, next: AgentState): AgentState {
  if (current === null) return next;
  if (isSameAgent(current, next) && next.revision < current.revision) return current;
  return { ...next, services: shareServices(current.services, next.services) };
}

/** `current` and what of `next` is newer, the last minute at most. */
export function acceptTraffic(
  current: readonly TrafficSample[],
  next: readonly TrafficSample[],
): readonly TrafficSample[] {
  const newest = current.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  const fresh = next.filter((sample) => sample.atMs > newest);
  return fresh.length === 0 ? current : [...current, ...fresh].slice(-trafficWindow);
}

/** Payload rates of one sample. */
export type Rates = {
  /** Bytes per second towards the services. */
  readonly bytesIn: number;
  /** Bytes per second to the visitors. */
  readonly bytesOut: number;
  readonly requests: number;
};

export function ratesOf(sample: TrafficSample): Rates {
  const perSecond = 1000 / Math.max(1, sample.intervalMs);
  return {
    bytesIn: sample.bytesIn * perSecond,
    bytesOut: sample.bytesOut * perSecond,
    requests: sample.requests * perSecond,
  };
}

/** What happened to services between two states, in words for a screen reader; empty if nothing worth saying. */
export function describeChanges(before: readonly ServiceState[], after: readonly ServiceState[]): string {
  const phases = new Map(before.map((service) => [service.name, service.phase]));
  const sentences = after.flatMap((service) => {
    const phase = phases.get(service.name);
    if (phase === service.phase) return [];
    if (service.phase === 'ready') return [`${service.name} is online.`];
    if (service.phase === 'failing') return [`${service.name} has a problem: ${service.problem?.title ?? 'unknown'}.`];
    if (service.phase === 'off' && phase !== undefined) return [`${service.name} is off.`];
    return [];
  });
  return sentences.join(' ');
}
