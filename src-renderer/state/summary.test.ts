import { describe, expect, it } from 'vitest';

import type { AgentState, ControlPlaneState, ServiceState, TunnelConnection } from '#contract/agent-state.ts';
import { problemOf } from '#contract/errors/agent-error.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import { audience, connectionStatus, headline, needsSetup } from './summary.ts';

const open: LinkStatus = { phase: 'open' };
const time = '2026-01-01T00:00:00Z';

const playground: ControlPlaneState & { readonly kind: 'playground' } = {
  kind: 'playground',
  phase: 'connected',
  parts: [],
  kubeconfig: null,
  problem: null,
};

const edge: TunnelConnection = {
  edge: 'edge-1',
  address: '127.0.0.1:4433',
  transport: 'h2',
  phase: 'connected',
  since: time,
  rttMs: 0.4,
  reason: 'the only one',
  problem: null,
  retryAt: null,
};

const disconnected = problemOf('SP_TUNNEL_DISCONNECTED', { edge: 'edge-1', reason: 'Connection refused' });

function service(name: string, phase: ServiceState['phase']): ServiceState {
  const problem = phase === 'failing' ? problemOf('SP_ORIGIN_REFUSED', { target: 'localhost:1' }) : null;
  const enabled = phase !== 'off';
  return {
    name,
    host: 'localhost',
    port: 1,
    enabled,
    phase,
    url: null,
    steps: [],
    problem,
    conditions: [],
    createdAt: time,
    ephemeral: false,
  };
}

function stateWith(change: {
  readonly controlPlane?: ControlPlaneState;
  readonly ready?: boolean;
  readonly registered?: boolean;
  readonly connections?: readonly TunnelConnection[];
  readonly enginePhase?: AgentState['engine']['phase'];
  readonly services?: readonly ServiceState[];
}): AgentState {
  const { controlPlane = playground, ready = true, registered = true, connections = [edge], services = [] } = change;
  const connector = {
    namespace: 'default',
    name: 'laptop-abcde',
    uid: 'u',
    className: 'sallyport',
    publicKey: '00',
    conditions: [],
    capabilities: [],
    lease: null,
    ready,
  };
  return {
    revision: 1,
    agent: { version: '0.1.0', profile: 'default', runtime: 'headless', pid: 1, startedAt: time },
    controlPlane,
    connector: registered ? connector : null,
    engine: { phase: change.enginePhase ?? 'running', pid: 2, restarts: 0, retryAt: null, connections },
    services,
    warnings: [],
  };
}

const waiting: TunnelConnection = {
  ...edge,
  phase: 'waiting',
  problem: disconnected,
  retryAt: '2026-01-01T00:00:09.000Z',
};

describe('connectionStatus', () => {
  const word = (change: Parameters<typeof stateWith>[0]): string => connectionStatus(open, stateWith(change)).word;

  it('says Connected only once the connector is ready', () => {
    expect(word({})).toBe('Connected');
    expect(word({ ready: false })).toBe('Verifying');
    expect(word({ registered: false })).toBe('Verifying');
  });

  it('names what is wrong', () => {
    expect(word({ connections: [waiting] })).toBe('Tunnel down');
    expect(word({ connections: [{ ...waiting, phase: 'refused' }] })).toBe('Refused');
    expect(word({ enginePhase: 'faulted', connections: [] })).toBe('Engine stopped');
    expect(word({ controlPlane: { ...playground, phase: 'unreachable' }, connections: [waiting] })).toBe(
      'No control plane',
    );
    expect(word({ controlPlane: { kind: 'none' } })).toBe('Not set up');
  });

  it('is connected while one of several edges is', () => {
    expect(word({ connections: [waiting, edge] })).toBe('Connected');
  });

  it('calls a standing tunnel without control plane degraded, not down', () => {
    expect(word({ controlPlane: { ...playground, phase: 'unreachable' } })).toBe('Degraded');
  });

  it('never claims anything once the agent is lost', () => {
    const lost: LinkStatus = { phase: 'lost', sinceMs: 0, retryAtMs: null, problem: null };
    expect(connectionStatus(lost, stateWith({})).word).toBe('Agent lost');
    expect(headline(lost, stateWith({ services: [service('a', 'ready')] })).title).toBe('Last known state');
  });
});

describe('headline', () => {
  const title = (...services: readonly ServiceState[]): string => headline(open, stateWith({ services })).title;

  it('counts only what has answered', () => {
    expect(title(service('a', 'ready'))).toBe('1 service online');
    expect(title(service('a', 'ready'), service('b', 'ready'), service('c', 'off'))).toBe('2 services online');
    expect(title(service('a', 'ready'), service('b', 'failing'))).toBe('1 of 2 services online');
    expect(title(service('a', 'failing'))).toBe('0 of 1 service online');
    expect(title(service('a', 'ready'), service('b', 'publishing'))).toBe('Publishing b');
    expect(title(service('a', 'off'))).toBe('Everything is switched off');
    expect(title()).toBe('Ready to expose');
  });

  it('offers an attempt where the agent waits for one, and says when the next comes', () => {
    const retryAt = '2026-01-01T00:01:00.000Z';
    const broken = stateWith({ enginePhase: 'faulted', connections: [] });
    expect(headline(open, { ...broken, engine: { ...broken.engine, retryAt } }).retry).toEqual({ at: retryAt });
    expect(headline(open, stateWith({ connections: [waiting] })).retry).toEqual({ at: waiting.retryAt });
    expect(headline(open, stateWith({})).retry).toBeNull();
  });

  it('says what still works, and what does not, while the control plane is away', () => {
    const problem = problemOf('SP_CONTROL_PLANE_UNREACHABLE', { reason: 'refused' });
    const controlPlane: ControlPlaneState = { ...playground, phase: 'unreachable', problem };
    const services = [service('a', 'ready')];
    expect(headline(open, stateWith({ controlPlane, services }))).toMatchObject({
      tone: 'warn',
      title: '1 service online',
      detail: expect.stringContaining('stays reachable') as string,
      problem,
      retry: {},
    });
    expect(headline(open, stateWith({ controlPlane })).detail).not.toContain('stays reachable');
  });

  it('says how services are reached', () => {
    const twoEdges = [edge, { ...edge, edge: 'edge-2' }];
    const { detail } = headline(open, stateWith({ connections: twoEdges, services: [service('a', 'ready')] }));
    expect(detail).toBe('Reached through edge-1 and edge-2 over HTTP/2.');
  });

  it('puts the cause of everything before its consequences', () => {
    const down = headline(open, stateWith({ connections: [waiting], services: [service('a', 'failing')] }));
    expect(down).toMatchObject({ tone: 'error', title: 'Tunnel is down', problem: disconnected });
  });

  it('does not promise services before the tunnel was proven', () => {
    expect(headline(open, stateWith({ ready: false, services: [service('a', 'ready')] })).title).toBe(
      'Verifying the tunnel',
    );
  });
});

describe('needsSetup', () => {
  it('asks for a control plane, and follows the first start', () => {
    expect(needsSetup(stateWith({ controlPlane: { kind: 'none' } }))).toBe(true);
    const starting: ControlPlaneState = { ...playground, phase: 'starting' };
    expect(needsSetup(stateWith({ controlPlane: starting, registered: false }))).toBe(true);
    expect(needsSetup(stateWith({ registered: false }))).toBe(false);
  });

  it('shows the services again after a restart, whatever the control plane does', () => {
    const starting: ControlPlaneState = { ...playground, phase: 'starting' };
    const services = [service('a', 'publishing')];
    expect(needsSetup(stateWith({ controlPlane: starting, registered: false, services }))).toBe(false);
  });
});

it('says who can reach a service', () => {
  expect(audience(playground)).toContain('Anyone on this machine');
  const kubeconfig: ControlPlaneState = {
    kind: 'kubeconfig',
    phase: 'connected',
    path: '/k',
    context: 'c',
    namespace: 'n',
    server: 's',
    problem: null,
  };
  expect(audience(kubeconfig)).toContain('not asked to sign in');
});
