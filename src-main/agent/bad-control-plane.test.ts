/**
 * Control planes and kubeconfigs as they go wrong in life: each is named by its code, nothing is lost, and what passes by
 * itself is over by itself.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';

import { startFaultyControlPlane, type FaultyControlPlane } from '../testing/faulty-control-plane.ts';
import { openTestAgent } from '../testing/test-agent.ts';
import type { Agent } from './agent.ts';

const patience = { timeout: 30_000, interval: 20 };
const caller = { id: 'test', onGone: () => {} };

let directory: string;
let controlPlane: TestControlPlane;
let faulty: FaultyControlPlane;
let agent: Agent;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-bad-'));
  controlPlane = await startTestControlPlane();
  faulty = await startFaultyControlPlane(controlPlane);
  agent = await openTestAgent({ directory });
  await agent.start();
});
afterEach(async () => {
  await agent.stop({ withdraw: 'none' });
  faulty.close();
  await controlPlane.close();
  await rm(directory, { recursive: true, force: true });
});

/** Uses `kubeconfig` and publishes a service through it. */
async function use(kubeconfig: string, context = 'agent'): Promise<void> {
  const path = join(directory, 'kubeconfig');
  await writeFile(path, kubeconfig);
  await agent.handlers.calls['controlPlane.useKubeconfig']({ path, context }, caller);
  await agent.handlers.calls['service.expose']({ name: 'demo', host: 'localhost', port: 3000 }, caller);
}

const expectControlPlane = (expected: object): Promise<void> =>
  vi.waitFor(() => expect(agent.state.controlPlane).toMatchObject(expected), patience);
const isDeclared = (): Promise<void> =>
  vi.waitFor(
    () => expect(agent.state.services[0]?.steps[0]).toMatchObject({ id: 'declared', phase: 'done' }),
    patience,
  );

it.each([
  ['asks to wait (429)', 429, 'SP_CONTROL_PLANE_BUSY', 'too many requests'],
  ['fails (500)', 500, 'SP_CONTROL_PLANE_BUSY', 'It answered 500'],
  ['is being restarted (503)', 503, 'SP_CONTROL_PLANE_BUSY', 'It answered 503'],
] as const)(
  'a control plane that %s at first is named, and used once it can be',
  async (_what, status, code, words) => {
    faulty.behave(status);
    await use(faulty.kubeconfig);
    await expectControlPlane({
      phase: 'unreachable',
      problem: { code, detail: expect.stringContaining(words) },
    });
    await vi.waitFor(() => expect(agent.state.services[0]?.problem?.code).toBe(code), patience);
    faulty.behave('well');
    await expectControlPlane({ phase: 'connected', problem: null });
    await isDeclared();
  },
);

it.each([429, 500, 503] as const)('a control plane that answers %s for a while loses nothing', async (status) => {
  await use(faulty.kubeconfig);
  await expectControlPlane({ phase: 'connected' });
  await isDeclared();
  await vi.waitFor(() => expect(agent.state.connector).not.toBeNull(), patience);
  const { connector } = agent.state;
  faulty.behave(status);
  await expectControlPlane({ phase: 'unreachable', problem: { code: 'SP_CONTROL_PLANE_BUSY' } });
  // Asked for while it was away.
  await agent.handlers.calls['service.expose']({ name: 'later', host: 'localhost', port: 4000 }, caller);
  faulty.behave('well');
  await expectControlPlane({ phase: 'connected', problem: null });
  await vi.waitFor(
    () => expect(agent.state.services.map(({ steps }) => steps[0]?.phase)).toEqual(['done', 'done']),
    patience,
  );
  await vi.waitFor(() => expect(agent.state.connector?.uid).toBe(connector?.uid), patience);
});

it(
  'a control plane that does not answer is named after its time, and used once it does',
  { timeout: 60_000 },
  async () => {
    faulty.behave('silent');
    await use(faulty.kubeconfig);
    await expectControlPlane({
      phase: 'unreachable',
      problem: { code: 'SP_CONTROL_PLANE_UNREACHABLE', detail: 'It was asked and did not answer in time.' },
    });
    faulty.behave('well');
    await expectControlPlane({ phase: 'connected', problem: null });
    await isDeclared();
  },
);

it('an account whose token is not valid any more is denied, and let in with a new kubeconfig by itself', async () => {
  const good = controlPlane.kubeconfig('agent');
  await use(good.replace(controlPlane.token('agent'), 'expired'));
  await expectControlPlane({ phase: 'denied', problem: { code: 'SP_CONTROL_PLANE_DENIED' } });
  await writeFile(join(directory, 'kubeconfig'), good);
  await expectControlPlane({ phase: 'connected', problem: null });
  await isDeclared();
});

it('an account without the right to manage connectors is denied with the words of the control plane', async () => {
  await use(controlPlane.kubeconfig('edge'), 'edge');
  await vi.waitFor(() => {
    const { problem } = agent.state.services[0] ?? {};
    expect(problem).toMatchObject({ code: 'SP_CONTROL_PLANE_DENIED', detail: expect.stringContaining('edge') });
  }, patience);
});

it('a control plane with a certificate of somebody else is not talked to', async () => {
  const other = await startTestControlPlane();
  await use(controlPlane.kubeconfig('agent').replace(controlPlane.server, other.server));
  await expectControlPlane({
    phase: 'unreachable',
    problem: { code: 'SP_CONTROL_PLANE_UNTRUSTED', detail: expect.stringContaining('not issued by the authority') },
  });
  await other.close();
});

it.each([
  ['is no kubeconfig', 'hello', 'SP_KUBECONFIG_UNREADABLE'],
  ['is broken YAML', '{', 'SP_KUBECONFIG_UNREADABLE'],
  ['has no such context', '', 'SP_KUBECONFIG_CONTEXT_UNKNOWN'],
])('a kubeconfig that %s is refused, and what was used before stays', async (_what, text, code) => {
  await use(faulty.kubeconfig);
  const path = join(directory, 'other');
  await writeFile(path, text === '' ? controlPlane.kubeconfig('admin') : text);
  await expect(
    agent.handlers.calls['controlPlane.useKubeconfig']({ path, context: 'agent' }, caller),
  ).rejects.toMatchObject({ code });
  await expectControlPlane({ phase: 'connected', context: 'agent' });
});
