/**
 * Changing the control plane: what was published on the old one goes, now or as soon as that is possible again.
 */
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { kinds } from '#contract/resources/kinds.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient } from '#kube/client.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';

import { openTestAgent } from '../testing/test-agent.ts';
import type { Agent } from './agent.ts';

const patience = { timeout: 10_000, interval: 20 };
const caller = { id: 'test', onGone: () => {} };

let directory: string;
let agent: Agent;
let first: TestControlPlane;
let second: TestControlPlane;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-left-'));
  [first, second] = await Promise.all([startTestControlPlane(), startTestControlPlane()]);
  agent = await openTestAgent({ directory });
  await agent.start();
});
afterEach(async () => {
  await agent.stop({ withdraw: 'none' });
  await Promise.all([first.close(), second.close()]);
  await rm(directory, { recursive: true, force: true });
});

const use = async (controlPlane: TestControlPlane): Promise<void> => {
  const path = await controlPlane.kubeconfigFile('agent');
  await agent.handlers.calls['controlPlane.useKubeconfig']({ path, context: 'agent' }, caller);
};
const expose = (name: string): Promise<null> =>
  agent.handlers.calls['service.expose']({ name, host: 'localhost', port: 3000 }, caller);

/** Kind and name of everything that agents have made on `controlPlane`, but the connectors' own names. */
async function published(controlPlane: TestControlPlane): Promise<readonly string[]> {
  const client = createKubeClient((await readKubeconfig(await controlPlane.kubeconfigFile('admin'))).use('admin'));
  try {
    const [connectors, proxies, advertisements] = await Promise.all([
      client.resource(kinds.connector).list(),
      client.resource(kinds.httpProxy).list(),
      client.resource(kinds.connectorAdvertisement).list(),
    ]);
    return [
      ...connectors.items.map(() => 'Connector'),
      ...[...proxies.items, ...advertisements.items].map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    ];
  } finally {
    client.close();
  }
}

const whole = ['Connector', 'HTTPProxy/demo', 'ConnectorAdvertisement/demo'];

it('withdraws from the control plane that is left, and keeps the connector there', async () => {
  await use(first);
  await expose('demo');
  await vi.waitFor(async () => expect(await published(first)).toEqual(whole), patience);
  await use(second);
  expect(await published(first)).toEqual(['Connector']);
  await vi.waitFor(async () => expect(await published(second)).toEqual(whole), patience);
  expect(agent.state.warnings.map(({ code }) => code)).not.toContain('SP_LEFT_BEHIND');

  // Back again, under the same connector as before.
  await use(first);
  await vi.waitFor(async () => expect(await published(first)).toEqual(whole), patience);
  expect(await published(second)).toEqual(['Connector']);
});

it('says what it could not withdraw, remembers it over a restart, and withdraws it as soon as it can', async () => {
  await use(first);
  await expose('demo');
  await vi.waitFor(async () => expect(await published(first)).toEqual(whole), patience);
  const path = await first.kubeconfigFile('agent');
  await rename(path, `${path}.away`);
  await use(second);
  const warning = (): unknown => agent.state.warnings.find(({ code }) => code === 'SP_LEFT_BEHIND');
  expect(warning()).toMatchObject({
    title: 'Not everything could be withdrawn from the control plane “agent”',
    detail: `Still published there: demo. There is no file ${path}.`,
  });
  expect(await published(first)).toEqual(whole);

  await agent.stop({ withdraw: 'none' });
  agent = await openTestAgent({ directory });
  await agent.start();
  await vi.waitFor(() => expect(warning()).toBeDefined(), patience);
  await rename(`${path}.away`, path);
  await agent.handlers.calls['agent.retryNow']({}, caller);
  await vi.waitFor(() => expect(warning()).toBeUndefined(), patience);
  expect(await published(first)).toEqual(['Connector']);
  await vi.waitFor(async () => expect(await published(second)).toEqual(whole), patience);
  expect(JSON.parse(await readFile(join(directory, 'state.json'), 'utf8'))).toMatchObject({ leftBehind: [] });
});

it('withdraws nothing that is wanted on the same control plane by another way', async () => {
  await use(first);
  await expose('demo');
  await vi.waitFor(async () => expect(await published(first)).toEqual(whole), patience);
  const path = await first.kubeconfigFile('admin');
  await agent.handlers.calls['controlPlane.useKubeconfig']({ path, context: 'admin' }, caller);
  await vi.waitFor(() => expect(agent.state.controlPlane).toMatchObject({ phase: 'connected' }), patience);
  await expose('later');
  await vi.waitFor(async () => expect(await published(first)).toContain('ConnectorAdvertisement/later'), patience);
  expect(await published(first)).toEqual(expect.arrayContaining(whole));
});
