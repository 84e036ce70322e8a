/**
 * Discovery: what a client learns about a server before it asks for anything.
 */
import { kinds, type KindName } from './manifests.ts';
import { check, expect } from './servers.ts';

const ours: readonly (readonly [group: string, version: string, resources: readonly string[]])[] = [
  [
    'networking.datumapis.com',
    'v1alpha1',
    [
      'connectoradvertisements',
      'connectoradvertisements/status',
      'connectorclasses',
      'connectorclasses/status',
      'connectors',
      'connectors/status',
    ],
  ],
  ['networking.datumapis.com', 'v1alpha', ['httpproxies', 'httpproxies/status']],
  ['datumapis.com', 'v1alpha', ['drtpservers', 'drtpservers/status']],
  ['coordination.k8s.io', 'v1', ['leases']],
];

for (const path of ['/livez', '/readyz', '/healthz']) {
  check(`${path} says ok`, async ({ as }) => {
    expect(await as.agent.call('GET', path)).toMatchObject({ status: 200, body: 'ok' });
  });
}

check('/version is one that kubectl can compare with its own', async ({ as }) => {
  expect(await as.agent.call('GET', '/version')).toMatchObject({
    status: 200,
    body: { major: '1', minor: expect.stringMatching(/^\d+\+?$/), gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) },
  });
});

check('/api names the core version', async ({ as }) => {
  expect(await as.admin.call('GET', '/api')).toMatchObject({ body: { kind: 'APIVersions', versions: ['v1'] } });
});

check('/apis names our groups, each with the versions it has', async ({ as }) => {
  const { body } = await as.admin.call('GET', '/apis');
  const { groups } = body as { readonly groups: readonly { name: string; versions: readonly { version: string }[] }[] };
  const versionsOf = (name: string): readonly string[] =>
    (groups.find((group) => group.name === name)?.versions ?? []).map(({ version }) => version).toSorted();
  expect(versionsOf('networking.datumapis.com')).toEqual(['v1alpha', 'v1alpha1']);
  expect(versionsOf('datumapis.com')).toEqual(['v1alpha']);
  expect(versionsOf('coordination.k8s.io')).toEqual(['v1']);
});

type ResourceList = {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
};

for (const [group, version, names] of ours) {
  check(`${group}/${version} lists what it serves`, async ({ as }) => {
    const { body } = await as.admin.call('GET', `/apis/${group}/${version}`);
    const { resources } = body as ResourceList;
    const served = resources.map(({ name }) => name).toSorted();
    expect(served).toEqual(group === 'coordination.k8s.io' ? expect.arrayContaining([...names]) : names);
    for (const { name, verbs } of resources.filter((each) => names.includes(each.name))) {
      expect([...verbs].toSorted(), name).toEqual(
        name.endsWith('/status')
          ? ['get', 'patch', 'update']
          : ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      );
    }
  });
}

check('a group says the same of itself as the list of groups', async ({ as }) => {
  const one = await as.admin.call('GET', '/apis/datumapis.com');
  expect(one).toMatchObject({
    status: 200,
    body: { kind: 'APIGroup', name: 'datumapis.com', preferredVersion: { groupVersion: 'datumapis.com/v1alpha' } },
  });
});

for (const path of [
  '/apis/nobody.example',
  '/apis/networking.datumapis.com/v9',
  '/apis/datumapis.com/v1alpha/nothing',
]) {
  check(`${path} is 404`, async ({ as }) => {
    expect((await as.admin.call('GET', path)).status).toBe(404);
  });
}

type Document = {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, unknown>>;
};
type Schema = {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind: string }[];
};

for (const kind of Object.keys(kinds) as KindName[]) {
  check(`OpenAPI describes ${kind}, and says that its fields are checked`, async ({ as }) => {
    const { apiVersion } = kinds[kind];
    const index = await as.agent.call('GET', '/openapi/v3');
    // Kubernetes sends it as text.
    const { paths } = (typeof index.body === 'string' ? JSON.parse(index.body) : index.body) as {
      readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>>;
    };
    const { serverRelativeURL = '' } = paths[`apis/${apiVersion}`] ?? {};
    const { body } = await as.agent.call('GET', serverRelativeURL);
    const document = (typeof body === 'string' ? JSON.parse(body) : body) as Document;
    const schema = Object.values(document.components.schemas).find((each) =>
      each['x-kubernetes-group-version-kind']?.some((identity) => identity.kind === kind),
    );
    expect(Object.keys(schema?.properties ?? {})).toEqual(expect.arrayContaining(['metadata', 'spec']));
    expect(JSON.stringify(document.paths)).toContain('fieldValidation');
  });
}
