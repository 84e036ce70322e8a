/**
 * Sallyport on a real Kubernetes API server: the same journey as on the embedded control plane, with rights by RBAC,
 * garbage collection by Kubernetes, and Kubernetes' own validation of everything we write.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';

import { expect, test } from '@playwright/test';

import type { Role } from '../kubernetes/access.ts';
import { createApiClient } from '../kubernetes/api-client.ts';
import { provideKubectl } from '../kubernetes/build-server.ts';
import { startKubernetesServer, type KubernetesServer } from '../kubernetes/kubernetes-server.ts';
import { startPlatform, type Platform } from '../kubernetes/platform.ts';
import { startHttpOrigin, type HttpOrigin } from '../origins/http-origin.ts';
import type { Child } from '../processes/child.ts';
import { makeHome, startSallyport, type Serving } from '../processes/sallyport.ts';
import { visit } from '../visitor/http-visitor.ts';

/** Of the build, if there is nothing yet. */
const firstBuildMs = 30 * 60_000;
const networking = '/apis/networking.datumapis.com/v1alpha1/namespaces/default';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

let kubernetes: KubernetesServer;
let platform: Platform;
let kubectlPath: string;
let home: Awaited<ReturnType<typeof makeHome>>;
let origin: HttpOrigin;

// One server, and the last tests take it apart.
test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  test.setTimeout(2 * firstBuildMs);
  kubectlPath = await provideKubectl();
  kubernetes = await startKubernetesServer();
  platform = await startPlatform(kubernetes);
  home = await makeHome();
  origin = await startHttpOrigin();
});

test.afterAll(async () => {
  await platform?.stop();
  await kubernetes?.stop();
  await origin?.close();
  await home?.remove();
});

function startServe(path: string, role: Role, ...options: string[]): Child {
  const { [role]: kubeconfig } = kubernetes.kubeconfigs;
  return startSallyport(path, ['serve', String(origin.port), '--kubeconfig', kubeconfig, '--json', ...options]);
}

async function kubectl(role: Role, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const common = ['--kubeconfig', kubernetes.kubeconfigs[role], '--cache-dir', join(kubernetes.directory, 'kubectl')];
  try {
    return { code: 0, ...(await promisify(execFile)(kubectlPath, [...common, ...args], { timeout: 60_000 })) };
  } catch (thrown) {
    const { code, stdout, stderr } = thrown as { code?: number; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw thrown;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

test('serve publishes a port, answers at its URL, and leaves nothing after SIGINT', async () => {
  const serve = startServe(home.path, 'agent', '--name', 'demo');
  const serving = await serve.event<Serving>('serving');
  expect(new URL(serving.url).port).toBe(new URL(platform.http).port);
  expect(await visit(serving.url)).toMatchObject({
    status: 200,
    body: expect.stringContaining('Hello from the origin'),
  });

  const ready = await kubectl(
    'admin',
    'wait',
    '--for=condition=Ready',
    'httpproxy/demo',
    `connector/${serving.connector}`,
  );
  expect(ready).toMatchObject({ code: 0, stderr: '' });
  const lease = await kubernetes.as.agent.call('GET', `${leases}/${serving.connector}`);
  expect(lease).toMatchObject({
    status: 200,
    body: {
      metadata: { ownerReferences: [{ kind: 'Connector', name: serving.connector }] },
      spec: { holderIdentity: expect.any(String), renewTime: expect.any(String) },
    },
  });

  const edge = await kubectl('edge', 'get', 'drtpserver', 'tests');
  expect(edge.stdout).toMatch(/^NAME +ADDRESS +HEALTH +AGE\ntests +127\.0\.0\.1 +Healthy /);

  expect(await serve.end('SIGINT')).toBe(0);
  const left = await kubectl('admin', 'get', 'httpproxies,connectoradvertisements', '--all-namespaces', '-o', 'name');
  expect(left).toMatchObject({ code: 0, stdout: '' });
  await expect.poll(async () => (await visit(serving.url)).status).toBe(421);
});

test('a call that RBAC denies comes back as a readable 403, to kubectl and to a person', async () => {
  const refused = await kubernetes.as.edge.call('POST', `${networking}/connectors`, {
    apiVersion: 'networking.datumapis.com/v1alpha1',
    kind: 'Connector',
    metadata: { name: 'forged' },
    spec: { connectorClassName: 'sallyport' },
  });
  expect(refused).toMatchObject({
    status: 403,
    body: {
      kind: 'Status',
      reason: 'Forbidden',
      message: expect.stringContaining('User "edge" cannot create resource "connectors"'),
    },
  });
  const deleted = await kubectl('agent', 'delete', 'drtpserver', 'tests');
  expect(deleted.code).toBe(1);
  expect(deleted.stderr).toContain('Error from server (Forbidden)');

  const stranger = await makeHome();
  const serve = startServe(stranger.path, 'edge', '--name', 'denied');
  const { problem } = await serve.event<{ problem: { code: string; detail: string; action: string } }>('problem');
  expect(problem).toMatchObject({
    code: 'SP_CONTROL_PLANE_DENIED',
    detail: expect.stringMatching(
      /User "edge" cannot create resource "(connectors|httpproxies|connectoradvertisements)"/,
    ),
    action: expect.stringContaining('ask the owner of the control plane'),
  });
  await serve.end('SIGINT');
  await stranger.remove();
});

/** Verb, group, resource with subresource. */
type Access = readonly [verb: string, group: string, resource: string];
const networkingGroup = 'networking.datumapis.com';
const rights: Readonly<
  Record<Exclude<Role, 'admin'>, { readonly may: readonly Access[]; readonly mayNot: readonly Access[] }>
> = {
  agent: {
    may: [
      ['create', networkingGroup, 'connectors'],
      ['patch', networkingGroup, 'connectors/status'],
      ['delete', networkingGroup, 'httpproxies'],
      ['update', networkingGroup, 'connectoradvertisements'],
      ['list', networkingGroup, 'connectorclasses'],
      ['update', 'coordination.k8s.io', 'leases'],
      ['watch', 'datumapis.com', 'drtpservers'],
    ],
    mayNot: [
      ['create', 'coordination.k8s.io', 'leases'],
      ['patch', networkingGroup, 'httpproxies/status'],
      ['patch', networkingGroup, 'connectoradvertisements/status'],
      ['create', networkingGroup, 'connectorclasses'],
      ['update', 'datumapis.com', 'drtpservers'],
      ['get', '', 'secrets'],
    ],
  },
  operator: {
    may: [
      ['create', networkingGroup, 'connectorclasses'],
      ['create', 'coordination.k8s.io', 'leases'],
      ['patch', networkingGroup, 'connectors/status'],
      ['patch', networkingGroup, 'httpproxies/status'],
      ['patch', networkingGroup, 'connectoradvertisements'],
    ],
    mayNot: [
      ['create', networkingGroup, 'connectors'],
      ['patch', networkingGroup, 'connectors'],
      ['patch', networkingGroup, 'httpproxies'],
      ['delete', networkingGroup, 'connectoradvertisements'],
      ['patch', 'datumapis.com', 'drtpservers'],
      ['get', '', 'secrets'],
    ],
  },
  edge: {
    may: [
      ['create', 'datumapis.com', 'drtpservers'],
      ['patch', 'datumapis.com', 'drtpservers/status'],
      ['create', 'coordination.k8s.io', 'leases'],
      ['watch', networkingGroup, 'httpproxies'],
    ],
    mayNot: [
      ['create', networkingGroup, 'connectoradvertisements'],
      ['patch', networkingGroup, 'connectors/status'],
      ['patch', networkingGroup, 'httpproxies'],
      ['get', '', 'secrets'],
    ],
  },
};

for (const [role, { may, mayNot }] of Object.entries(rights) as [Exclude<Role, 'admin'>, (typeof rights)['agent']][]) {
  test(`${role} may what its part needs, and no more`, async () => {
    const isAllowed = async ([verb, group, path]: Access): Promise<boolean> => {
      const [resource, subresource = ''] = path.split('/');
      const { status, body } = await kubernetes.as[role].call(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { namespace: 'default', verb, group, resource, subresource } },
        },
      );
      expect(status).toBe(201);
      return (body as { status: { allowed: boolean } }).status.allowed;
    };
    for (const access of may) expect(await isAllowed(access), access.join(' ')).toBe(true);
    for (const access of mayNot) expect(await isAllowed(access), access.join(' ')).toBe(false);
  });
}

test('nobody gets in without a token or below TLS 1.3', async () => {
  const { server, authority } = kubernetes;
  const stranger = createApiClient({ server, ca: authority.cert, token: 'guessed' });
  expect(await stranger.call('GET', '/api')).toMatchObject({ status: 401, body: { reason: 'Unauthorized' } });
  const { hostname, port } = new URL(server);
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      ca: authority.cert,
      maxVersion: 'TLSv1.2',
    });
    socket.once('error', resolve);
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve(null);
    });
  });
  expect(error?.code).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('Kubernetes collects what a deleted connector owned, and leaves what it did not own', async () => {
  test.skip(!kubernetes.hasControllers, 'kube-apiserver alone collects no garbage');
  const serve = startServe(home.path, 'agent', '--name', 'kept', '--keep');
  const { connector } = await serve.event<Serving>('serving');
  expect(await serve.end('SIGINT')).toBe(0);
  // With them gone it can only be Kubernetes that deletes.
  expect(await platform.stop()).toEqual([0, 0]);

  const status = async (path: string): Promise<number> => (await kubernetes.as.admin.call('GET', path)).status;
  expect(await status(`${leases}/${connector}`)).toBe(200);
  expect(await status(`${networking}/connectoradvertisements/kept`)).toBe(200);
  expect((await kubernetes.as.agent.call('DELETE', `${networking}/connectors/${connector}`)).status).toBe(200);
  await expect.poll(() => status(`${leases}/${connector}`)).toBe(404);
  await expect.poll(() => status(`${networking}/connectoradvertisements/kept`)).toBe(404);
  expect(await status(`${networking.replace('v1alpha1', 'v1alpha')}/httpproxies/kept`)).toBe(200);
  expect(await status(`${leases}/drtpserver-tests`)).toBe(200);
});

test('the server ends when whoever started it is gone', async () => {
  test.skip(kubernetes.flavour !== 'built', 'the official binaries do not watch their input');
  const [server] = kubernetes.processes;
  server?.process.stdin?.end();
  expect(await server?.exited).toBe(0);
});
