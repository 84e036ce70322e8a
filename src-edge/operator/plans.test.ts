import { describe, expect, test } from 'vitest';

import type { Connector, ConnectorClass, DRTPServer } from '#contract/resources/generated.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { microTime } from '#kube/lease.ts';

import { withController } from './advertisement-controller.ts';
import { tunnelAspect } from './connector-conditions.ts';
import { domainForNew, edgeOf, isAlive, rankEdges, urlOf } from './edges.ts';
import { leaseState, ownerReferenceTo, planLease } from './lease-plan.ts';
import { createPace } from './pace.ts';
import { createPatience } from './patience.ts';

const connector: Connector = {
  apiVersion: 'networking.datumapis.com/v1alpha1',
  kind: 'Connector',
  metadata: { name: 'laptop', namespace: 'default', uid: 'u1' },
  spec: { connectorClassName: 'sallyport' },
};

function connectorClass(leaseOwner?: 'Agent'): ConnectorClass {
  return {
    apiVersion: 'networking.datumapis.com/v1alpha1',
    kind: 'ConnectorClass',
    metadata: { name: 'sallyport' },
    spec: { controllerName: 'sallyport.dev/connector', ...(leaseOwner === undefined ? {} : { leaseOwner }) },
  };
}

function lease(spec: Lease['spec'], ownerUid: string | null = 'u1'): Lease {
  const owner = { ...ownerReferenceTo(connector), uid: ownerUid ?? '' };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'laptop', namespace: 'default', ...(ownerUid === null ? {} : { ownerReferences: [owner] }) },
    spec,
  };
}

describe('the lease of a connector', () => {
  test('is created, owned, for 30 s', () => {
    expect(planLease(connector, connectorClass(), undefined)).toMatchObject({
      kind: 'create',
      lease: {
        metadata: { name: 'laptop', namespace: 'default', ownerReferences: [{ kind: 'Connector', uid: 'u1' }] },
        spec: { leaseDurationSeconds: 30 },
      },
    });
  });

  test.each([
    ['keeps what is right', lease({ leaseDurationSeconds: 1200 }), 'keep'],
    ['fills in a duration', lease({}), 'set-duration'],
    ['removes that of an earlier connector', lease({ leaseDurationSeconds: 30 }, 'u0'), 'remove'],
    ['leaves alone what is not of a connector', lease({ leaseDurationSeconds: 30 }, null), 'none'],
  ])('%s', (_, present, kind) => {
    expect(planLease(connector, connectorClass(), present).kind).toBe(kind);
  });

  test('is the agent’s to create where the class says so', () => {
    expect(planLease(connector, connectorClass('Agent'), undefined).kind).toBe('none');
    expect(planLease(connector, connectorClass('Agent'), lease({ leaseDurationSeconds: 30 }, null)).kind).toBe('keep');
  });

  test('holds until its duration has passed', () => {
    const renewed = lease({ leaseDurationSeconds: 30, renewTime: microTime(1000) });
    expect(leaseState(renewed, 1000)).toEqual({ valid: true, expiresInMs: 30_000 });
    expect(leaseState(renewed, 31_000)).toEqual({ valid: true, expiresInMs: 0 });
    expect(leaseState(renewed, 31_001)).toEqual({
      valid: false,
      message: 'Connector lease has expired. Agent may be offline.',
    });
    expect(leaseState(lease({ leaseDurationSeconds: 30 }), 0)).toEqual({
      valid: false,
      message: 'Connector lease has not been renewed yet.',
    });
  });
});

function edge(name: string, domain: string, port: number, health: 'Healthy' | 'Draining'): DRTPServer {
  return {
    apiVersion: 'datumapis.com/v1alpha',
    kind: 'DRTPServer',
    metadata: { name, namespace: 'default' },
    spec: { address: '127.0.0.1', ports: [{ name: 'http', port }], protocols: [], caBundle: 'x', domain },
    status: { health },
  };
}

test('an edge stands for its domain, one that is alive before one that is not', () => {
  const renewed = lease({ leaseDurationSeconds: 30, renewTime: microTime(1000) });
  const draining = edge('a', 'localhost', 80, 'Draining');
  const healthy = edge('b', 'localhost', 8080, 'Healthy');
  expect(isAlive(healthy, renewed, 1000)).toBe(true);
  expect(isAlive(healthy, renewed, 31_001)).toBe(false);
  expect(isAlive(healthy, undefined, 1000)).toBe(false);
  expect(isAlive(draining, renewed, 1000)).toBe(false);

  const ranked = rankEdges([draining, healthy], (each) => each === healthy);
  expect(edgeOf('shop.localhost', ranked)).toBe(healthy);
  expect(domainForNew(ranked)).toBe('localhost');
  expect(
    edgeOf(
      'shop.localhost',
      rankEdges([draining], () => false),
    ),
  ).toBe(draining);
  expect(edgeOf('shoplocalhost', ranked)).toBeNull();
  expect(domainForNew([])).toBeNull();
  expect(urlOf('shop.localhost', healthy)).toBe('http://shop.localhost:8080');
  expect(urlOf('shop.localhost', draining)).toBe('http://shop.localhost');
});

describe('a connector’s readiness', () => {
  const ready: Connector = {
    ...connector,
    status: {
      conditions: [{ type: 'Ready', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }],
    },
  };
  const judge = (statuses: readonly number[], facts: { readonly was?: Connector; readonly exhausted?: boolean } = {}) =>
    tunnelAspect({
      connector: facts.was ?? connector,
      probes: statuses.map((status) => ({
        edge: edge(`e${status}`, 'localhost', 80, 'Healthy'),
        answer: { kind: 'answer', status, by: 'edge', details: null, route: null, provenKey: null, slow: false },
      })),
      exhausted: facts.exhausted ?? false,
    });

  test('takes one edge that reaches the agent', () => {
    expect(judge([503, 204]).status).toBe('True');
    expect(judge([503]).message).toBe('The agent has no tunnel to the edge "e503".');
    expect(judge([421]).message).toContain('probe token');
    expect(judge([]).message).toContain('No edge has registered');
  });

  test('outlasts a silence, not several, and no lost tunnel', () => {
    expect(judge([504], { was: ready })).toMatchObject({ status: 'True', reason: 'ConnectorSlow' });
    expect(judge([504, 503], { was: ready }).status).toBe('True');
    expect(judge([504], { was: ready, exhausted: true }).message).toBe(
      'The agent does not answer through its tunnel to the edge "e504".',
    );
    expect(judge([504]).status).toBe('False');
    expect(judge([503], { was: ready }).status).toBe('False');
  });
});

test('the connector becomes the one controlling owner', () => {
  const owner = ownerReferenceTo(connector);
  expect(withController(undefined, owner)).toEqual([owner]);
  expect(withController([owner], owner)).toBeNull();
  expect(withController([{ ...owner, controller: false }], owner)).toEqual([owner]);
  const other = { ...owner, kind: 'Other', uid: 'x' };
  expect(withController([other], owner)).toEqual([{ ...other, controller: false }, owner]);
});

test('looks come quickly while something changes, each change starts over, and settled keys are left in peace', () => {
  const pace = createPace(() => 1);
  const looks = (state: string, times: number) =>
    Array.from({ length: times }, () => pace.next('k', { state, settled: false }));
  expect(looks('a', 7)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  expect(looks('b', 2)).toEqual([100, 200]);
  expect(pace.next('k', { state: 'c', settled: true })).toBe(15_000);
  expect(looks('b', 1)).toEqual([100]);
});

test('patience ends with the third probe in a row that taught nothing', () => {
  const patience = createPatience();
  const looks = (...taught: readonly boolean[]) => taught.map((each) => patience.isExhausted('k', { taught: each }));
  expect(looks(false, false, true, false, false, false, false)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  patience.forget('k');
  expect(looks(false)).toEqual([false]);
});
