import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createManualClock, type ManualClock } from '#base/manual-clock.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type KubeClient, type ResourceClient } from './client.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { isLeaseValid, microTime, renewDelayMs, renewLease } from './lease.ts';

const start = Date.UTC(2026, 10, 21, 8, 0, 0, 7);

const lease = (spec: Lease['spec'], name = 'laptop'): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'default', name },
  spec,
});

test('MicroTime has six fraction digits', () => {
  expect(microTime(start)).toBe('2026-11-21T08:00:00.007000Z');
});

describe('a lease', () => {
  const renewed = lease({ renewTime: microTime(start), leaseDurationSeconds: 30 });

  test.each([
    ['when renewed', renewed, 0, true],
    ['at its last moment', renewed, 30_000, true],
    ['a moment later', renewed, 30_001, false],
    ['before its time, by a clock that is behind', renewed, -5000, true],
    ['without a time', lease({ leaseDurationSeconds: 30 }), 0, false],
    ['without a duration', lease({ renewTime: microTime(start) }), 0, false],
    ['with nonsense for a time', lease({ renewTime: 'soon', leaseDurationSeconds: 30 }), 0, false],
  ])('%s', (_name, subject, afterMs, expected) => {
    expect(isLeaseValid(subject, start + afterMs)).toBe(expected);
  });

  test('is renewed in time: twice within its duration, and every 15 s at least', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 86_400 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (seconds, random) => {
          const delayMs = renewDelayMs(seconds, () => random);
          expect(delayMs).toBeGreaterThan(0);
          expect(delayMs).toBeLessThanOrEqual(Math.min(15_000, (seconds * 1000) / 2));
        },
      ),
    );
  });
});

describe('renewing', () => {
  const key = { namespace: 'default', name: 'laptop' };
  let controlPlane: TestControlPlane;
  let client: KubeClient;
  let leases: ResourceClient<Lease>;
  let clock: ManualClock;

  beforeAll(async () => {
    controlPlane = await startTestControlPlane();
    const path = await controlPlane.kubeconfigFile('admin');
    client = createKubeClient((await readKubeconfig(path)).use('admin'));
    leases = client.resource(kinds.lease);
  });

  afterAll(async () => {
    client.close();
    await controlPlane.close();
  });

  beforeEach(async () => {
    await leases.delete(key);
    clock = createManualClock(start);
  });

  const renew = (holderIdentity = 'me') => renewLease({ leases, key, holderIdentity, clock });

  test('takes a free lease, then only renews it', async () => {
    await leases.create(lease({ leaseDurationSeconds: 30 }));
    await expect(renew()).resolves.toMatchObject({
      outcome: 'renewed',
      lease: {
        spec: {
          holderIdentity: 'me',
          leaseDurationSeconds: 30,
          acquireTime: '2026-11-21T08:00:00.007000Z',
          renewTime: '2026-11-21T08:00:00.007000Z',
          leaseTransitions: 0,
        },
      },
    });
    clock.advance(10_000);
    await expect(renew()).resolves.toMatchObject({
      lease: {
        spec: {
          acquireTime: '2026-11-21T08:00:00.007000Z',
          renewTime: '2026-11-21T08:00:10.007000Z',
          leaseTransitions: 0,
        },
      },
    });
  });

  test('leaves a lease alone that another holds, and takes it over once it has expired', async () => {
    await leases.create(lease({ leaseDurationSeconds: 30 }));
    await renew('other');
    clock.advance(30_000);
    await expect(renew()).resolves.toEqual({ outcome: 'held', holder: 'other' });
    clock.advance(1);
    await expect(renew()).resolves.toMatchObject({
      outcome: 'renewed',
      lease: { spec: { holderIdentity: 'me', acquireTime: '2026-11-21T08:00:30.008000Z', leaseTransitions: 1 } },
    });
  });

  test('of a lease that is not there says so and does not make one', async () => {
    await expect(renew()).resolves.toEqual({ outcome: 'missing' });
    await expect(leases.get(key)).resolves.toBeNull();
  });

  test('of two that renew at once only one succeeds', async () => {
    await leases.create(lease({ leaseDurationSeconds: 30 }));
    const read = async () => {
      const found = await leases.get(key);
      await Promise.all(bothHaveRead);
      return found;
    };
    let release: (() => void)[] = [];
    const bothHaveRead = [0, 1].map(() => new Promise<void>((resolve) => release.push(resolve)));
    const racing = (holderIdentity: string) =>
      renewLease({
        leases: {
          ...leases,
          get: () => {
            release.pop()?.();
            return read();
          },
        },
        key,
        holderIdentity,
        clock,
      });
    const outcomes = await Promise.allSettled([racing('one'), racing('two')]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { status: 409, reason: 'Conflict' },
    });
  });
});
