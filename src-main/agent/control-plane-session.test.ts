/**
 * A session against the real embedded control plane: what it writes, what it leaves alone, what it survives.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import type { EngineConfig } from '#contract/engine.ts';
import type { Connector, HTTPProxy } from '#contract/resources/generated.ts';
import { annotations, kinds } from '#contract/resources/kinds.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type KubeClient } from '#kube/client.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';

import { connectorLabel, desiredConnector, desiredProxy } from '../controllers/desired-resources.ts';
import { openConnectorIdentity } from '../identity/connector-identity.ts';
import { plainSecretStore } from '../identity/secret-store.ts';
import { createServiceRegistry, type Service, type ServiceRegistry } from '../services/service-registry.ts';
import { openAgentStore, type AgentStore } from '../state/agent-store.ts';
import { writePrivateFile } from '../state/private-files.ts';
import { scriptedEngine } from '../testing/scripted-engine.ts';
import { createControlPlaneSession, type ControlPlaneSession } from './control-plane-session.ts';

const controlPlaneKey = 'test';
const namespace = 'default';
const patience = { timeout: 10_000, interval: 20 };
const caller = { id: 'test', onGone: () => {} };
const demo = { name: 'demo', host: 'localhost', port: 3000, ephemeral: false };
const savedDemo: Service = { ...demo, enabled: true, createdAt: '', removing: false };

let directory: string;
let controlPlane: TestControlPlane;
let admin: KubeClient;
let store: AgentStore;
let services: ServiceRegistry;
let configs: EngineConfig[];
let diskRefuses: boolean;
const sessions: ControlPlaneSession[] = [];

const launcher = scriptedEngine((config) => configs.push(config));

async function clientFor(role: 'admin' | 'agent'): Promise<KubeClient> {
  return createKubeClient((await readKubeconfig(await controlPlane.kubeconfigFile(role))).use(role));
}

async function startSession(): Promise<ControlPlaneSession> {
  const kubeConfig = (await readKubeconfig(await controlPlane.kubeconfigFile('agent'))).use('agent');
  const secrets = plainSecretStore;
  const session = createControlPlaneSession({
    controlPlaneKey,
    kubeConfig,
    namespace,
    identity: await openConnectorIdentity({ directory: join(directory, 'identity'), controlPlaneKey, secrets }),
    store,
    services,
    engineLauncher: launcher,
    agentVersion: '0',
    device: { name: 'Test Laptop', os: 'Linux' },
    holderIdentity: 'laptop/default',
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
  });
  sessions.push(session);
  session.start();
  return session;
}

const connectors = async (): Promise<readonly Connector[]> => (await admin.resource(kinds.connector).list()).items;
const proxy = (name = 'demo'): Promise<HTTPProxy | null> => admin.resource(kinds.httpProxy).get({ namespace, name });
const advertised = async (): Promise<readonly (string | undefined)[]> =>
  (await admin.resource(kinds.connectorAdvertisement).list()).items.map(({ metadata }) => metadata.name);

async function onlyConnector(): Promise<Connector> {
  return vi.waitFor(async () => {
    const [connector, ...others] = await connectors();
    if (connector?.status?.connectionDetails === undefined || others.length > 0) throw new Error('not yet');
    return connector;
  }, patience);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-session-'));
  controlPlane = await startTestControlPlane();
  admin = await clientFor('admin');
  diskRefuses = false;
  store = await openAgentStore({
    path: join(directory, 'state.json'),
    clock: systemClock,
    log: silentLogger,
    write: (path, content) => (diskRefuses ? Promise.reject(new Error('full')) : writePrivateFile(path, content)),
  });
  services = createServiceRegistry({ store, clock: systemClock });
  configs = [];
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.stop();
  await store.close();
  await controlPlane.close();
  await rm(directory, { recursive: true, force: true });
});

it('creates its connector with its key, and remembers it', async () => {
  const { identity } = await startSession();
  const connector = await onlyConnector();
  expect(connector.metadata.name).toMatch(/^test-laptop-[a-z0-9]{5}$/);
  expect(connector.metadata.annotations).toEqual({
    'datum.net/device-name': 'Test Laptop',
    'datum.net/device-os': 'Linux',
  });
  expect(connector.status?.connectionDetails).toEqual({
    type: 'PublicKey',
    publicKey: { id: identity.publicKey, discoveryMode: 'DNS' },
  });
  await vi.waitFor(
    () =>
      expect(store.saved.connectors[controlPlaneKey]).toEqual({
        name: connector.metadata.name,
        uid: connector.metadata.uid,
      }),
    patience,
  );
});

it('finds its connector again by its key when the name was lost', async () => {
  const first = await startSession();
  const connector = await onlyConnector();
  await first.stop();
  await store.update((saved) => ({ ...saved, connectors: {} }));
  const again = await startSession();
  await vi.waitFor(() => expect(again.publication?.connector?.metadata.uid).toBe(connector.metadata.uid), patience);
  expect(await connectors()).toHaveLength(1);
});

/** The name that this agent remembers belongs to a connector with another key. */
async function takeName(name: string): Promise<void> {
  await store.update((saved) => ({ ...saved, connectors: { [controlPlaneKey]: { name, uid: null } } }));
  const device = { name: 'other', os: 'Linux' };
  await admin
    .resource(kinds.connector)
    .create(desiredConnector({ namespace, connector: name, className: 'sallyport', device }));
  await admin
    .resource(kinds.connector)
    .patchStatus(
      { namespace, name },
      { status: { connectionDetails: { type: 'PublicKey', publicKey: { id: 'a'.repeat(64) } } } },
    );
}

it('takes another name when its own belongs to another key', async () => {
  await takeName('laptop-taken');
  await startSession();
  await vi.waitFor(async () => expect(await connectors()).toHaveLength(2), patience);
  const theirs = await admin.resource(kinds.connector).get({ namespace, name: 'laptop-taken' });
  expect(theirs?.status?.connectionDetails?.publicKey?.id).toBe('a'.repeat(64));
});

it('takes another name as soon as the disk lets it remember that', async () => {
  await takeName('laptop-taken');
  diskRefuses = true;
  const session = await startSession();
  await vi.waitFor(
    () => expect(session.reachability).toMatchObject({ problem: { code: 'SP_STATE_NOT_SAVED' } }),
    patience,
  );
  diskRefuses = false;
  await vi.waitFor(async () => expect(await connectors()).toHaveLength(2), patience);
  await vi.waitFor(() => expect(session.reachability.kind).toBe('connected'), patience);
});

it('publishes, switches off and on, and deletes', async () => {
  await startSession();
  await services.expose(demo, caller);
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  const connector = await onlyConnector();
  expect((await proxy())?.metadata.labels).toEqual({ [connectorLabel]: connector.metadata.name });
  await vi.waitFor(
    () => expect(configs.at(-1)?.allow).toEqual([{ host: 'localhost', port: 3000, protocol: 'TCP' }]),
    patience,
  );
  await services.setEnabled('demo', false);
  await vi.waitFor(async () => expect(await advertised()).toEqual([]), patience);
  expect(await proxy()).not.toBeNull();
  expect(configs.at(-1)?.allow).toEqual([]);
  await services.setEnabled('demo', true);
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  await services.requestRemoval('demo');
  await vi.waitFor(() => expect(services.list()).toEqual([]), patience);
  expect([await proxy(), await advertised()]).toEqual([null, []]);
});

it('leaves nothing behind when a service is removed the moment after it was exposed', async () => {
  await startSession();
  await onlyConnector();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await services.expose({ ...demo, name }, caller);
    await services.requestRemoval(name);
  }
  await vi.waitFor(() => expect(services.list()).toEqual([]), patience);
  expect((await admin.resource(kinds.httpProxy).list()).items).toEqual([]);
  expect(await advertised()).toEqual([]);
});

it('never writes again what is already right', async () => {
  const first = await startSession();
  await services.expose(demo, caller);
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  const connector = await onlyConnector();
  const before = [connector.metadata.resourceVersion, (await proxy())?.metadata.resourceVersion];
  await first.stop();
  const again = await startSession();
  await vi.waitFor(() => expect(again.publication?.proxyOf('demo')).toBeDefined(), patience);
  // Another service is published after everything else was looked at.
  await services.expose({ ...demo, name: 'later' }, caller);
  await vi.waitFor(async () => expect(await advertised()).toContain('later'), patience);
  expect([(await onlyConnector()).metadata.resourceVersion, (await proxy())?.metadata.resourceVersion]).toEqual(before);
});

it('puts back what somebody else deleted or changed', async () => {
  await startSession();
  await services.expose(demo, caller);
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  await admin.resource(kinds.connectorAdvertisement).delete({ namespace, name: 'demo' });
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  const patch = { spec: { rules: [{ backends: [{ endpoint: 'http://localhost:22' }] }] } };
  await admin.resource(kinds.httpProxy).patch({ namespace, name: 'demo' }, patch);
  await vi.waitFor(
    async () => expect((await proxy())?.spec.rules[0]?.backends?.[0]?.endpoint).toBe('http://localhost:3000'),
    patience,
  );
});

it('undoes edits of the fields that are its own, and leaves the others', async () => {
  await startSession();
  await services.expose(demo, caller);
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  const key = { namespace, name: 'demo' };
  await admin.resource(kinds.httpProxy).patch(key, {
    metadata: { labels: { team: 'blue' }, annotations: { note: 'kept', [annotations.displayName]: 'other' } },
    spec: { hostnames: ['elsewhere.example'], rules: [{ backends: [{ endpoint: 'http://localhost:22' }] }] },
  });
  const connector = (await onlyConnector()).metadata.name ?? '';
  await vi.waitFor(async () => {
    const healed = await proxy();
    expect(healed?.spec).toEqual(desiredProxy(savedDemo, { namespace, connector }).spec);
    expect(healed?.metadata.labels).toEqual({ team: 'blue', [connectorLabel]: connector });
    expect(healed?.metadata.annotations).toEqual({ note: 'kept', [annotations.displayName]: 'demo' });
  }, patience);
});

it('says when a name is taken by another connector, and leaves that alone', async () => {
  await admin.resource(kinds.httpProxy).create(desiredProxy(savedDemo, { namespace, connector: 'other' }));
  const before = (await proxy())?.metadata.resourceVersion;
  const session = await startSession();
  await services.expose(demo, caller);
  await vi.waitFor(() => expect(session.publication?.problemOf('demo')?.code).toBe('SP_SERVICE_NAME_TAKEN'), patience);
  await services.requestRemoval('demo');
  await vi.waitFor(() => expect(services.list()).toEqual([]), patience);
  expect((await proxy())?.metadata.resourceVersion).toBe(before);
});

it('renews the lease it is given, and reports one that another machine holds', async () => {
  const session = await startSession();
  const { metadata } = await onlyConnector();
  const name = metadata.name ?? '';
  const leases = admin.resource(kinds.lease);
  await leases.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace },
    spec: { leaseDurationSeconds: 30 },
  });
  await admin.resource(kinds.connector).patchStatus({ namespace, name }, { status: { leaseRef: { name } } });
  await vi.waitFor(async () => {
    const lease = await leases.get({ namespace, name });
    expect(lease?.spec.holderIdentity).toBe('laptop/default');
    expect(session.publication?.lease?.spec.renewTime).toBe(lease?.spec.renewTime);
  }, patience);
  await session.stop();
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await leases.patch({ namespace, name }, { spec: { holderIdentity: 'other/default', renewTime } });
  const again = await startSession();
  await vi.waitFor(() => expect(again.publication?.leaseProblem?.code).toBe('SP_LEASE_HELD'), patience);
  expect((await leases.get({ namespace, name }))?.spec.holderIdentity).toBe('other/default');
});

it('catches up with what was asked for while the control plane was away', async () => {
  const session = await startSession();
  await onlyConnector();
  await vi.waitFor(() => expect(session.reachability.kind).toBe('connected'), patience);
  const restarting = controlPlane.restart();
  await services.expose(demo, caller);
  await restarting;
  await vi.waitFor(async () => expect(await advertised()).toEqual(['demo']), patience);
  await vi.waitFor(() => expect(session.reachability.kind).toBe('connected'), patience);
});

it('ends in order when it is stopped right after its start', async () => {
  const session = await startSession();
  await session.stop();
  expect(session.publication).toBeNull();
});
