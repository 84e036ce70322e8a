import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { kinds } from '#contract/resources/kinds.ts';
import type { Lease } from '#contract/resources/lease.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type KubeClient } from './client.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { microTime } from './lease.ts';
import { joinElection, type Election, type ElectionTiming } from './leader-election.ts';

const quickTiming: ElectionTiming = { leaseDurationSeconds: 1, renewDeadlineMs: 600, retryMs: 100 };
/** Nobody who has to wait for it is elected while a test lasts. */
const slowTiming: ElectionTiming = { leaseDurationSeconds: 600, renewDeadlineMs: 400_000, retryMs: 100 };
const soon = { timeout: 10_000, interval: 10 };
const open: Election[] = [];
const clients: KubeClient[] = [];
let controlPlane: TestControlPlane;
let connect: () => KubeClient;
/** Each test elects with a Lease of its own. */
let name: string;
/** What the candidates did, in order. */
let events: string[];

beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  const kubeconfig = (await readKubeconfig(await controlPlane.kubeconfigFile('admin'))).use('admin');
  connect = () => {
    const client = createKubeClient(kubeconfig);
    clients.push(client);
    return client;
  };
});
beforeEach(() => {
  name = `leader-${randomUUID()}`;
  events = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((election) => election.close()));
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => controlPlane.close());

function stand(
  holderIdentity: string,
  timing: ElectionTiming = quickTiming,
  clock: Clock = systemClock,
): { readonly election: Election; cutOff(): void } {
  const client = connect();
  const election = joinElection({
    leases: client.resource(kinds.lease),
    key: { namespace: 'default', name },
    holderIdentity,
    clock,
    random: Math.random,
    log: silentLogger,
    timing,
    lead: async () => {
      events.push(`${holderIdentity} leads`);
      return async () => {
        events.push(`${holderIdentity} stops`);
      };
    },
  });
  open.push(election);
  return { election, cutOff: () => client.close() };
}

test('one of several leads', async () => {
  const identities = ['a', 'b', 'c'];
  for (const identity of identities) stand(identity);
  await expect.poll(() => events.length, soon).toBe(1);
  const lease = await connect().resource(kinds.lease).get({ namespace: 'default', name });
  expect(events).toEqual([`${lease?.spec.holderIdentity ?? 'nobody'} leads`]);
  expect(lease?.spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 1 });
});

test('another takes over from one that is cut off, and not before that one has stopped', async () => {
  const first = stand('a');
  await expect.poll(() => events, soon).toEqual(['a leads']);
  stand('b');
  first.cutOff();
  await expect.poll(() => events, soon).toEqual(['a leads', 'a stops', 'b leads']);
});

test('one that leaves gives the place back at once', async () => {
  const first = stand('a', slowTiming);
  await expect.poll(() => events, soon).toEqual(['a leads']);
  stand('b', slowTiming);
  await first.election.close();
  await expect.poll(() => events, soon).toEqual(['a leads', 'a stops', 'b leads']);
});

test('the next process with the same identity goes on at once', async () => {
  stand('a', slowTiming).cutOff();
  // Killed, it gives nothing back: its Lease still says that it leads.
  await connect()
    .resource(kinds.lease)
    .create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'default', name },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 600, renewTime: microTime(systemClock.now()) },
    });
  stand('a', slowTiming);
  await expect.poll(() => events, soon).toEqual(['a leads']);
});

test('clocks that differ by an hour elect one as well', async () => {
  const hourMs = 3_600_000;
  stand('behind', quickTiming, { ...systemClock, now: () => systemClock.now() - hourMs });
  await expect.poll(() => events, soon).toEqual(['behind leads']);
  stand('ahead', quickTiming, { ...systemClock, now: () => systemClock.now() + hourMs });
  const lease = (): Promise<Lease | null> => connect().resource(kinds.lease).get({ namespace: 'default', name });
  const renewedAt = async (): Promise<number> => Date.parse((await lease())?.spec.renewTime ?? '');
  const before = await renewedAt();
  // Well beyond the duration: whoever believed the time in the Lease would have taken it.
  await expect.poll(async () => (await renewedAt()) - before, soon).toBeGreaterThan(2000);
  expect(events).toEqual(['behind leads']);
});

test('of many that come and go never two lead at a time', async () => {
  const standing = new Map<string, ReturnType<typeof stand>>();
  for (let step = 0; step < 12; step += 1) {
    const identity = `c${step}`;
    standing.set(identity, stand(identity));
    await expect.poll(() => events.at(-1)?.endsWith('leads'), soon).toBe(true);
    const leader = events.at(-1)?.split(' ')[0] ?? '';
    if (step % 2 === 0) await standing.get(leader)?.election.close();
    else standing.get(leader)?.cutOff();
    await expect.poll(() => events.includes(`${leader} stops`), soon).toBe(true);
  }
  for (const [index, event] of events.entries()) expect(event.endsWith('leads')).toBe(index % 2 === 0);
}, 60_000);
