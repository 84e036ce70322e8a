/**
 * Access: who may do what. On Kubernetes by the rules of `deploy/rbac`, on the embedded control plane by its roles.
 */
import { createApiClient } from '../api-client.ts';
import type { Role } from '../access.ts';
import { kinds, manifestOf, newName, type KindName } from './manifests.ts';
import { check, expect } from './servers.ts';

/** What a role may do with objects of a kind, and what it may not. */
const rights: readonly (readonly [role: Role, verb: 'create' | 'delete' | 'status', kind: KindName, may: boolean])[] = [
  ['agent', 'create', 'Connector', true],
  ['agent', 'create', 'ConnectorAdvertisement', true],
  ['agent', 'create', 'HTTPProxy', true],
  ['agent', 'create', 'ConnectorClass', false],
  ['agent', 'create', 'DRTPServer', false],
  ['agent', 'create', 'Lease', false],
  ['agent', 'delete', 'Connector', true],
  ['agent', 'delete', 'DRTPServer', false],
  ['agent', 'status', 'HTTPProxy', false],
  ['agent', 'status', 'ConnectorAdvertisement', false],
  ['operator', 'create', 'Connector', false],
  ['operator', 'create', 'ConnectorClass', true],
  ['operator', 'create', 'HTTPProxy', false],
  ['operator', 'create', 'Lease', true],
  ['operator', 'delete', 'ConnectorAdvertisement', false],
  ['operator', 'delete', 'HTTPProxy', false],
  ['operator', 'status', 'HTTPProxy', true],
  ['operator', 'status', 'ConnectorAdvertisement', true],
  ['operator', 'status', 'DRTPServer', false],
  ['edge', 'create', 'DRTPServer', true],
  ['edge', 'create', 'Lease', true],
  ['edge', 'create', 'Connector', false],
  ['edge', 'create', 'HTTPProxy', false],
  ['edge', 'delete', 'HTTPProxy', false],
  ['edge', 'status', 'DRTPServer', true],
  ['edge', 'status', 'Connector', false],
];

const doing = { create: 'make', delete: 'delete', status: 'report the status of' } as const;

for (const [role, verb, kind, may] of rights) {
  check(`the ${role} ${may ? 'may' : 'may not'} ${doing[verb]} a ${kind}`, async ({ as }) => {
    const { path, status } = kinds[kind];
    const manifest = manifestOf(kind, newName());
    const at = `${path}/${manifest.metadata.name}`;
    if (verb !== 'create') await as.admin.call('POST', path, manifest);
    const answer =
      verb === 'create'
        ? await as[role].call('POST', path, manifest)
        : verb === 'delete'
          ? await as[role].call('DELETE', at)
          : await as[role].call('PATCH', `${at}/status`, { status });
    if (may) expect([200, 201]).toContain(answer.status);
    else expect(answer).toMatchObject({ status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
  });
}

for (const role of ['agent', 'operator', 'edge'] as const) {
  check(`the ${role} reads and watches what it works with`, async ({ as }) => {
    for (const kind of ['Connector', 'HTTPProxy', 'DRTPServer', 'Lease'] as const) {
      // An agent has no business with proxies' status, but with its proxies; an edge registers in its namespace only.
      expect((await as[role].call('GET', kinds[kind].path)).status, kind).toBe(200);
    }
    const watching = await as[role].watch(`${kinds.Connector.path}?watch=true&timeoutSeconds=1`);
    expect(watching.status).toBe(200);
    watching.close();
  });
}

check('a refusal names the user, the verb and the resource', async ({ as }) => {
  const { body } = await as.edge.call('POST', kinds.Connector.path, manifestOf('Connector', newName()));
  const { message } = body as { readonly message: string };
  expect(message).toContain('"edge"');
  expect(message).toContain('cannot create');
  expect(message).toContain('connectors');
});

for (const token of ['', 'guessed']) {
  check(`nobody gets in with ${token === '' ? 'no token' : 'a token that is not known'}`, async ({ server, ca }) => {
    const stranger = createApiClient({ server, ca, token });
    expect(await stranger.call('GET', kinds.Connector.path)).toMatchObject({
      status: 401,
      body: { kind: 'Status', reason: 'Unauthorized' },
    });
  });
}

const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

for (const [role, verb, resource, allowed] of [
  ['agent', 'create', 'connectors', true],
  ['agent', 'create', 'connectorclasses', false],
  ['operator', 'patch', 'connectoradvertisements', true],
  ['operator', 'delete', 'connectors', false],
  ['edge', 'list', 'httpproxies', true],
  ['edge', 'update', 'httpproxies', false],
] as const) {
  check(`a review tells the ${role} ${allowed ? 'yes' : 'no'} to ${verb} ${resource}`, async ({ as }) => {
    const answer = await as[role].call('POST', reviews, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace: 'default', verb, group: 'networking.datumapis.com', resource } },
    });
    expect(answer).toMatchObject({ status: 201, body: { status: { allowed } } });
  });
}

check('a review tells callers who they are', async ({ as }) => {
  const answer = await as.agent.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  expect(answer).toMatchObject({ status: 201, body: { status: { userInfo: { username: 'agent' } } } });
});
