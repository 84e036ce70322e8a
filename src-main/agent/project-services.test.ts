/**
 * What a person is told about a service, from what was observed.
 */
import { describe, expect, it } from 'vitest';

import type { EngineProcessState, ServiceState, TunnelConnection } from '#contract/agent-state.ts';
import { problemOf } from '#contract/errors/agent-error.ts';
import type { HTTPProxy } from '#contract/resources/generated.ts';
import type { Condition } from '#contract/resources/object-meta.ts';

import { desiredAdvertisement, desiredProxy } from '../controllers/desired-resources.ts';
import type { Service } from '../services/service-registry.ts';
import { ladderFactsOf, projectService, type ServiceFacts, type SharedFacts } from './project-services.ts';
import { advanceLadder, stepsOf, type Ladder, type LadderFacts } from './service-ladder.ts';

const publisher = { namespace: 'default', connector: 'laptop-abcde' };
const service: Service = {
  name: 'demo',
  host: 'localhost',
  port: 3000,
  enabled: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  removing: false,
  ephemeral: false,
};
const connection: TunnelConnection = {
  edge: 'edge-1',
  address: '192.0.2.1:7443',
  transport: 'h2',
  phase: 'connected',
  since: '',
  rttMs: 1,
  reason: '',
  problem: null,
  retryAt: null,
};
const engine: EngineProcessState = { phase: 'running', pid: 1, restarts: 0, retryAt: null, connections: [connection] };
const shared: SharedFacts = { engine, connectorReady: true, problem: null };

const condition = (type: string, status: Condition['status'], reason = 'Because', generation = 1): Condition => ({
  type,
  status,
  reason,
  message: 'The reason.',
  lastTransitionTime: '',
  observedGeneration: generation,
});

function proxyWith(...conditions: readonly Condition[]): HTTPProxy {
  const desired = desiredProxy(service, publisher);
  const status = { url: 'http://demo.localhost:8080', conditions };
  return { ...desired, metadata: { ...desired.metadata, generation: 1 }, status };
}
const ready = proxyWith(condition('Programmed', 'True'), condition('Ready', 'True'));

const factsOf = (proxy: HTTPProxy | undefined, change: Partial<ServiceFacts> = {}): ServiceFacts => ({
  service,
  proxy,
  advertisement: desiredAdvertisement(service, publisher),
  declareProblem: null,
  ...change,
});

function look(facts: ServiceFacts, about: SharedFacts = shared): ServiceState {
  return projectService(facts, about, advanceLadder(undefined, ladderFactsOf(facts, about), 0));
}

describe('a service', () => {
  it('is ready when everything was observed to work', () => {
    expect(look(factsOf(ready))).toMatchObject({ phase: 'ready', url: 'http://demo.localhost:8080', problem: null });
  });

  it.each([
    ['the proxy is not Ready', factsOf(proxyWith(condition('Programmed', 'True'))), shared],
    [
      'Ready is about an older generation',
      factsOf(proxyWith(condition('Programmed', 'True'), condition('Ready', 'True', 'Because', 0))),
      shared,
    ],
    ['the connector is not ready', factsOf(ready), { ...shared, connectorReady: false }],
    ['no tunnel is connected', factsOf(ready), { ...shared, engine: { ...engine, connections: [] } }],
    ['the advertisement is not there', factsOf(ready, { advertisement: undefined }), shared],
  ])('is not ready when %s', (_, facts, about) => {
    expect(look(facts, about).phase).toBe('publishing');
  });

  it('names the service itself as the cause where the operator found that', () => {
    const refused = proxyWith(condition('Programmed', 'True'), condition('Ready', 'False', 'OriginRefused'));
    const state = look(factsOf(refused));
    expect(state).toMatchObject({
      phase: 'failing',
      problem: { code: 'SP_ORIGIN_REFUSED', title: 'Nothing listens on localhost:3000' },
    });
    expect(state.steps.map(({ phase }) => phase)).toEqual(['done', 'done', 'done', 'done', 'failed']);
  });

  it('says that the name of a service does not resolve', () => {
    const unknown = proxyWith(condition('Programmed', 'True'), condition('Ready', 'False', 'OriginNameUnknown'));
    expect(look(factsOf(unknown)).problem).toMatchObject({
      code: 'SP_ORIGIN_NAME_UNKNOWN',
      title: 'The name in localhost:3000 does not resolve',
    });
  });

  it('names the field of a proxy that the platform does not accept', () => {
    const refused = proxyWith(condition('Accepted', 'False', 'Invalid'), condition('Ready', 'False', 'Invalid'));
    expect(look(factsOf(refused)).problem).toMatchObject({
      code: 'SP_PROXY_INVALID',
      title: 'The HTTPProxy “demo” cannot be served',
      action: 'Change that field of the HTTPProxy in the control plane; the service comes back by itself.',
    });
  });

  it('names the first cause in the chain, not its consequences', () => {
    const broken = {
      ...engine,
      connections: [
        {
          ...connection,
          phase: 'waiting' as const,
          problem: problemOf('SP_TUNNEL_DISCONNECTED', { edge: 'e', reason: 'r' }),
        },
      ],
    };
    const refused = proxyWith(condition('Ready', 'False', 'OriginRefused'));
    expect(look(factsOf(refused), { ...shared, engine: broken }).problem?.code).toBe('SP_TUNNEL_DISCONNECTED');
    const unreachable = problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: 'r' });
    expect(look(factsOf(refused), { ...shared, engine: broken, problem: unreachable }).problem?.code).toBe(
      'SP_CONTROL_PLANE_UNREACHABLE',
    );
    const takenName = problemOf('SP_SERVICE_NAME_TAKEN', { name: 'demo', reason: 'r' });
    expect(look(factsOf(undefined, { declareProblem: takenName })).problem?.code).toBe('SP_SERVICE_NAME_TAKEN');
  });

  it('stays ready through an outage of the control plane while everything else holds', () => {
    const problem = problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: 'r' });
    expect(look(factsOf(ready), { ...shared, problem })).toMatchObject({ phase: 'ready', problem: null });
  });

  it('is quiet about problems while it is switched off', () => {
    const off = factsOf(ready, { service: { ...service, enabled: false } });
    expect(projectService(off, { ...shared, problem: problemOf('SP_ENGINE_FAULTED') }, undefined)).toMatchObject({
      phase: 'off',
      problem: null,
      url: 'http://demo.localhost:8080',
    });
  });
});

describe('the ladder', () => {
  const none: LadderFacts = { declared: false, tunnel: false, hostname: false, route: false, answer: false };
  const phases = (ladder: Ladder, problem = false): readonly string[] =>
    stepsOf(ladder, problem).map(({ phase }) => phase);

  it('goes up step by step and keeps how long each took', () => {
    let ladder = advanceLadder(undefined, none, 1000);
    expect(phases(ladder)).toEqual(['active', 'pending', 'pending', 'pending', 'pending']);
    ladder = advanceLadder(ladder, { ...none, declared: true }, 1200);
    ladder = advanceLadder(ladder, { ...none, declared: true, tunnel: true }, 1500);
    ladder = advanceLadder(ladder, { ...none, declared: true, tunnel: true }, 9000);
    expect(stepsOf(ladder, false).map(({ doneAfterMs }) => doneAfterMs)).toEqual([200, 500, null, null, null]);
  });

  it('counts no step before the ones below it', () => {
    const ladder = advanceLadder(undefined, { ...none, declared: true, answer: true }, 0);
    expect(phases(ladder)).toEqual(['done', 'active', 'pending', 'pending', 'pending']);
  });

  it('starts the clock again when a step is lost', () => {
    const all = { declared: true, tunnel: true, hostname: true, route: true, answer: true };
    let ladder = advanceLadder(undefined, all, 0);
    ladder = advanceLadder(ladder, { ...all, tunnel: false }, 60_000);
    expect(phases(ladder, true)).toEqual(['done', 'failed', 'pending', 'pending', 'pending']);
    ladder = advanceLadder(ladder, all, 60_250);
    expect(stepsOf(ladder, false).map(({ doneAfterMs }) => doneAfterMs)).toEqual([0, 250, 250, 250, 250]);
  });
});
