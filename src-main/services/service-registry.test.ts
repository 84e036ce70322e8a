/**
 * Which services there are, who holds them, and what survives.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { createManualClock } from '#base/manual-clock.ts';
import type { Caller } from '#contract/ipc/contract.ts';

import { openAgentStore } from '../state/agent-store.ts';
import { createServiceRegistry, type ServiceRegistry } from './service-registry.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-services-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = async (clock: Clock = systemClock): Promise<ServiceRegistry> =>
  createServiceRegistry({
    store: await openAgentStore({ path: join(directory, 'state.json'), clock, log: silentLogger }),
    clock,
  });

/** A client that can go away. */
function client(id: string): Caller & { leave(): void } {
  const releases: (() => void)[] = [];
  return {
    id,
    onGone: (release) => releases.push(release),
    leave: () => {
      for (const release of releases) release();
    },
  };
}

const request = (name: string, ephemeral: boolean, port = 3000) => ({ name, host: 'localhost', port, ephemeral });

it('saves what is to be kept and forgets what a client held', async () => {
  const registry = await open();
  await registry.expose(request('kept', false), client('a'));
  await registry.expose(request('held', true), client('a'));
  expect(registry.list().map(({ name }) => name)).toEqual(['kept', 'held']);
  expect((await open()).list().map(({ name }) => name)).toEqual(['kept']);
});

it('lists services by age, whatever happens to them', async () => {
  const clock = createManualClock();
  const registry = await open(clock);
  const names = ['web', 'api', 'docs'];
  for (const name of names) {
    await registry.expose(request(name, name === 'api'), client('a'));
    clock.advance(1);
  }
  const listed = (): string[] => registry.list().map(({ name }) => name);
  expect(listed()).toEqual(names);
  await registry.setEnabled('web', false);
  expect(listed()).toEqual(names);
  await registry.setEnabled('web', true);
  await registry.expose(request('api', false), client('b'));
  await registry.requestRemoval('docs');
  expect(listed()).toEqual(names);
});

it('removes an ephemeral service when its last holder leaves', async () => {
  const registry = await open();
  const [first, second] = [client('a'), client('b')];
  await registry.expose(request('demo', true), first);
  await registry.expose(request('demo', true), second);
  first.leave();
  expect(registry.get('demo')?.removing).toBe(false);
  second.leave();
  expect(registry.get('demo')?.removing).toBe(true);
  await registry.forget('demo');
  expect(registry.list()).toEqual([]);
});

it('lets one holder of several go without taking the service from the others', async () => {
  const registry = await open();
  await registry.expose(request('demo', true), client('a'));
  await registry.expose(request('demo', true), client('b'));
  expect(await registry.requestRemoval('demo', 'a')).toBe(false);
  expect(registry.get('demo')?.removing).toBe(false);
  expect(await registry.requestRemoval('demo', 'b')).toBe(true);
});

it('keeps a service for good once somebody asks for that', async () => {
  const registry = await open();
  const holder = client('a');
  await registry.expose(request('demo', true), holder);
  await registry.expose(request('demo', false), client('b'));
  holder.leave();
  expect(registry.get('demo')).toMatchObject({ removing: false, ephemeral: false });
  expect((await open()).get('demo')).toBeDefined();
});

it('does not make a kept service ephemeral, but switches it on', async () => {
  const registry = await open();
  const holder = client('a');
  await registry.expose(request('demo', false), client('b'));
  await registry.setEnabled('demo', false);
  await registry.expose(request('demo', true), holder);
  holder.leave();
  expect(registry.get('demo')).toMatchObject({ removing: false, ephemeral: false, enabled: true });
});

it('goes on removing after a restart', async () => {
  const registry = await open();
  await registry.expose(request('demo', false), client('a'));
  await registry.requestRemoval('demo');
  expect((await open()).get('demo')?.removing).toBe(true);
});

it.each([
  [{ name: 'Not-A-Name' }, 'SP_SERVICE_NAME_INVALID'],
  [{ host: '999.1.1.1' }, 'SP_INPUT_HOST'],
  [{ host: '169.254.169.254' }, 'SP_INPUT_HOST'],
  [{ host: '0.0.0.0' }, 'SP_INPUT_HOST'],
  [{ host: 'a b' }, 'SP_INPUT_HOST'],
  [{ host: 'http://x' }, 'SP_INPUT_HOST'],
  [{ name: 'taken' }, 'SP_SERVICE_NAME_TAKEN'],
])('refuses %j with %s', async (change, code) => {
  const registry = await open();
  await registry.expose(request('taken', false, 4000), client('a'));
  await expect(registry.expose({ ...request('demo', false), ...change }, client('a'))).rejects.toMatchObject({ code });
});

it.each([
  ['[::1]', '::1'],
  ['LocalHost', 'localhost'],
  ['db.corp', 'db.corp'],
])('takes %s as %s', async (host, expected) => {
  const registry = await open();
  await registry.expose({ ...request('demo', false), host }, client('a'));
  expect(registry.get('demo')?.host).toBe(expected);
});

it('says so when a service does not exist', async () => {
  const registry = await open();
  await expect(registry.setEnabled('nobody', true)).rejects.toMatchObject({ code: 'SP_SERVICE_NOT_FOUND' });
  await expect(registry.requestRemoval('nobody')).rejects.toMatchObject({ code: 'SP_SERVICE_NOT_FOUND' });
});

it('does not lose a removal to somebody who switches the service at the same moment', async () => {
  const registry = await open();
  await registry.expose(request('demo', false), client('a'));
  await Promise.all([registry.requestRemoval('demo'), registry.setEnabled('demo', false)]);
  expect(registry.get('demo')).toMatchObject({ removing: true, enabled: false });
  expect((await open()).get('demo')?.removing).toBe(true);
});

it.each([
  ['both kept', false, false],
  ['one kept, one held', false, true],
  ['one held, one kept', true, false],
])('gives a name to one of two that ask for it at once: %s', async (_what, firstHeld, secondHeld) => {
  const registry = await open();
  const results = await Promise.allSettled([
    registry.expose(request('demo', firstHeld, 3000), client('a')),
    registry.expose(request('demo', secondHeld, 4000), client('b')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(results[1]).toMatchObject({ reason: { code: 'SP_SERVICE_NAME_TAKEN' } });
  expect(registry.list()).toMatchObject([{ name: 'demo', port: 3000 }]);
});

it('does not publish a service anew while its removal is being written down', async () => {
  const registry = await open();
  await registry.expose(request('demo', false), client('a'));
  const [, exposed] = await Promise.allSettled([
    registry.requestRemoval('demo'),
    registry.expose(request('demo', false), client('b')),
  ]);
  expect(exposed).toMatchObject({ reason: { code: 'SP_SERVICE_NAME_TAKEN' } });
  expect(registry.get('demo')?.removing).toBe(true);
});
