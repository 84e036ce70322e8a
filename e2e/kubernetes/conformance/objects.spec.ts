/**
 * Objects: what creating, reading, replacing and deleting one does, and what the server keeps to itself.
 */
import type { ApiAnswer, ApiClient } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body, type KindName } from './manifests.ts';
import { check, expect } from './servers.ts';

const connectors = kinds.Connector.path;
const proxies = kinds.HTTPProxy.path;

const bodyOf = (answer: ApiAnswer): Body => answer.body as Body;

async function made(client: ApiClient, metadata: object = {}): Promise<Body> {
  const answer = await client.call('POST', connectors, manifestOf('Connector', newName(), metadata));
  expect(answer.status).toBe(201);
  return bodyOf(answer);
}

const pathOf = ({ metadata }: Body): string => `${connectors}/${metadata.name}`;

for (const kind of Object.keys(kinds) as KindName[]) {
  check(`a ${kind} is made, read, replaced and deleted`, async ({ as: { admin } }) => {
    const { path, apiVersion, spec } = kinds[kind];
    const name = newName();
    const created = await admin.call('POST', path, manifestOf(kind, name));
    expect(created).toMatchObject({ status: 201, body: { apiVersion, kind, metadata: { name }, spec } });
    const read = await admin.call('GET', `${path}/${name}`);
    expect(read).toMatchObject({ status: 200, body: { metadata: { uid: bodyOf(created).metadata.uid }, spec } });
    const labelled = { ...bodyOf(read), metadata: { ...bodyOf(read).metadata, labels: { a: 'b' } } };
    const replaced = await admin.call('PUT', `${path}/${name}`, labelled);
    expect(replaced).toMatchObject({ status: 200, body: { metadata: { labels: { a: 'b' } }, spec } });
    expect(bodyOf(replaced).metadata.resourceVersion).not.toBe(bodyOf(read).metadata.resourceVersion);
    expect((await admin.call('DELETE', `${path}/${name}`)).status).toBe(200);
    expect((await admin.call('GET', `${path}/${name}`)).status).toBe(404);
  });
}

check('a new object gets an identity, a version, a time and generation 1', async ({ as: { admin } }) => {
  const { metadata } = await made(admin, { uid: 'mine', generation: 7, creationTimestamp: '2000-01-01T00:00:00Z' });
  expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(metadata.resourceVersion).toMatch(/^\d+$/);
  expect(metadata.generation).toBe(1);
  expect(Math.abs(Date.parse(metadata.creationTimestamp) - Date.now())).toBeLessThan(60_000);
  expect(metadata.namespace).toBe('default');
});

check('the same name twice is 409 AlreadyExists', async ({ as: { admin } }) => {
  const { metadata } = await made(admin);
  const again = await admin.call('POST', connectors, manifestOf('Connector', metadata.name));
  expect(again).toMatchObject({
    status: 409,
    body: { reason: 'AlreadyExists', details: { name: metadata.name, kind: 'connectors' } },
  });
});

check('a name that comes back has another uid', async ({ as: { admin } }) => {
  const first = await made(admin);
  await admin.call('DELETE', pathOf(first));
  const second = await admin.call('POST', connectors, manifestOf('Connector', first.metadata.name));
  expect(bodyOf(second).metadata.uid).not.toBe(first.metadata.uid);
});

check('generateName makes names that differ', async ({ as: { admin } }) => {
  const prefix = `${newName()}-`;
  const manifest = { ...manifestOf('Connector', ''), metadata: { generateName: prefix } };
  const answers = [await admin.call('POST', connectors, manifest), await admin.call('POST', connectors, manifest)];
  const names = answers.map((answer) => bodyOf(answer).metadata.name);
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(new RegExp(`^${prefix}[a-z0-9]{5}$`));
});

check('a replacement of an older version is 409 Conflict and changes nothing', async ({ as: { admin } }) => {
  const first = await made(admin);
  await admin.call('PATCH', pathOf(first), { metadata: { labels: { by: 'another' } } });
  const late = { ...first, metadata: { ...first.metadata, labels: { by: 'me' } } };
  const answer = await admin.call('PUT', pathOf(first), late);
  expect(answer).toMatchObject({ status: 409, body: { reason: 'Conflict', details: { name: first.metadata.name } } });
  expect(bodyOf(await admin.call('GET', pathOf(first))).metadata.labels).toEqual({ by: 'another' });
});

check('a replacement without a version is refused for a custom resource', async ({ as: { admin } }) => {
  const { metadata } = await made(admin);
  const answer = await admin.call('PUT', `${connectors}/${metadata.name}`, manifestOf('Connector', metadata.name));
  expect(answer).toMatchObject({
    status: 422,
    body: { details: { causes: [{ field: 'metadata.resourceVersion', reason: 'FieldValueInvalid' }] } },
  });
});

check('what changes nothing changes no version', async ({ as: { admin } }) => {
  const first = await made(admin);
  const label = (): Promise<ApiAnswer> => admin.call('PATCH', pathOf(first), { metadata: { labels: { a: 'b' } } });
  const changed = bodyOf(await label());
  expect(bodyOf(await label()).metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
});

check('the generation counts changes of the spec, and nothing else', async ({ as: { admin } }) => {
  const first = await made(admin);
  const generation = async (path: string, patch: unknown): Promise<number | undefined> =>
    bodyOf(await admin.call('PATCH', path, patch)).metadata.generation;
  expect(await generation(pathOf(first), { metadata: { labels: { a: 'b' } } })).toBe(1);
  expect(await generation(`${pathOf(first)}/status`, { status: { leaseRef: { name: 'l' } } })).toBe(1);
  expect(await generation(pathOf(first), { spec: { connectorClassName: 'other' } })).toBe(2);
});

check(
  'a write to the object leaves the status alone, one to the status leaves the rest alone',
  async ({ as: { admin } }) => {
    const first = await made(admin);
    const both = {
      metadata: { labels: { a: 'b' } },
      spec: { connectorClassName: 'other' },
      status: { leaseRef: { name: 'l' } },
    };
    const status = bodyOf(await admin.call('PATCH', `${pathOf(first)}/status`, both));
    expect(status).toMatchObject({ spec: first.spec, status: { leaseRef: { name: 'l' } } });
    expect(status.metadata.labels).toBeUndefined();
    const main = bodyOf(
      await admin.call('PATCH', pathOf(first), { ...both, status: { leaseRef: { name: 'forged' } } }),
    );
    expect(main).toMatchObject({ spec: { connectorClassName: 'other' }, status: { leaseRef: { name: 'l' } } });
  },
);

check('a status that comes with a new object is dropped, the default one is there', async ({ as: { admin } }) => {
  const manifest = { ...manifestOf('Connector', newName()), status: { leaseRef: { name: 'forged' } } };
  const { status } = bodyOf(await admin.call('POST', connectors, manifest));
  expect(status).toEqual({
    conditions: [expect.objectContaining({ type: 'Accepted', status: 'Unknown', reason: 'Pending' })],
  });
});

check('the status is read and replaced at its own path', async ({ as: { admin } }) => {
  const first = await made(admin);
  const path = `${pathOf(first)}/status`;
  const read = bodyOf(await admin.call('GET', path));
  const replaced = await admin.call('PUT', path, { ...read, status: { leaseRef: { name: 'l' } } });
  expect(replaced).toMatchObject({ status: 200, body: { status: { leaseRef: { name: 'l' } } } });
  expect((await admin.call('PUT', path, { ...read, status: {} })).status).toBe(409);
});

check('defaults are filled in, at every depth', async ({ as: { admin } }) => {
  const manifest = { ...manifestOf('HTTPProxy', newName()), spec: { rules: [{}, { matches: [{ path: {} }] }] } };
  const { spec } = bodyOf(await admin.call('POST', proxies, manifest));
  const root = { path: { type: 'PathPrefix', value: '/' } };
  expect(spec['rules']).toEqual([{ matches: [root] }, { matches: [root] }]);
});

check('defaults of a class and of a port', async ({ as: { admin } }) => {
  const connectorClass = { ...manifestOf('ConnectorClass', newName()), spec: {} };
  expect(await admin.call('POST', kinds.ConnectorClass.path, connectorClass)).toMatchObject({
    body: { spec: { controllerName: 'networking.datumapis.com/datum-connect' } },
  });
  const services = [{ address: 'db.example.com', ports: [{ name: 'sql', port: 5432 }] }];
  const spec = { connectorRef: { name: 'laptop' }, layer4: [{ name: 'db', services }] };
  const advertisement = { ...manifestOf('ConnectorAdvertisement', newName()), spec };
  expect(await admin.call('POST', kinds.ConnectorAdvertisement.path, advertisement)).toMatchObject({
    body: { spec: { layer4: [{ services: [{ ports: [{ protocol: 'TCP' }] }] }] } },
  });
});

check('null stands for "left out" where it is not allowed', async ({ as: { admin } }) => {
  const spec = { connectorClassName: 'sallyport', capabilities: null };
  const { spec: kept } = bodyOf(await admin.call('POST', connectors, { ...manifestOf('Connector', newName()), spec }));
  expect(kept).toEqual({ connectorClassName: 'sallyport' });
});

const unknown = { connectorClassName: 'sallyport', surprise: { deep: 1 }, capabilities: [{ type: 'HTTP2', more: 1 }] };

check('unknown fields are dropped, and warned of', async ({ as: { admin } }) => {
  const answer = await admin.call('POST', connectors, { ...manifestOf('Connector', newName()), spec: unknown });
  expect(bodyOf(answer).spec).toEqual({ connectorClassName: 'sallyport', capabilities: [{ type: 'HTTP2' }] });
  expect(answer.headers['warning']).toContain('unknown field \\"spec.surprise\\"');
  expect(answer.headers['warning']).toContain('unknown field \\"spec.capabilities[0].more\\"');
});

check('unknown fields are dropped in silence where that is asked for', async ({ as: { admin } }) => {
  const path = `${connectors}?fieldValidation=Ignore`;
  const answer = await admin.call('POST', path, { ...manifestOf('Connector', newName()), spec: unknown });
  expect(answer.status).toBe(201);
  expect(answer.headers['warning']).toBeUndefined();
});

check('unknown fields are refused where that is asked for, each by its name', async ({ as: { admin } }) => {
  const path = `${connectors}?fieldValidation=Strict`;
  const answer = await admin.call('POST', path, { ...manifestOf('Connector', newName()), spec: unknown });
  expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
  expect(bodyOf(answer).message).toContain('unknown field "spec.surprise"');
  expect(bodyOf(answer).message).toContain('unknown field "spec.capabilities[0].more"');
});

check('a rehearsal answers like the write and leaves nothing', async ({ as: { admin } }) => {
  const manifest = manifestOf('Connector', newName());
  const rehearsed = await admin.call('POST', `${connectors}?dryRun=All`, manifest);
  expect(rehearsed).toMatchObject({ status: 201, body: { spec: manifest.spec } });
  expect((await admin.call('GET', `${connectors}/${manifest.metadata.name}`)).status).toBe(404);
  const real = await made(admin);
  await admin.call('PATCH', `${pathOf(real)}?dryRun=All`, { spec: { connectorClassName: 'other' } });
  await admin.call('DELETE', `${pathOf(real)}?dryRun=All`);
  expect(bodyOf(await admin.call('GET', pathOf(real)))).toMatchObject({
    metadata: { resourceVersion: real.metadata.resourceVersion },
    spec: real.spec,
  });
});

check('YAML is taken as well', async ({ as: { admin } }) => {
  const name = newName();
  const yaml = [
    'apiVersion: networking.datumapis.com/v1alpha1',
    'kind: Connector',
    `metadata: { name: ${name} }`,
    'spec: { connectorClassName: sallyport }',
  ].join('\n');
  const answer = await admin.call('POST', connectors, yaml, { type: 'application/yaml' });
  expect(answer).toMatchObject({ status: 201, body: { spec: { connectorClassName: 'sallyport' } } });
});

check('only the metadata is sent where that is asked for', async ({ as: { admin } }) => {
  const { metadata } = await made(admin);
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  const { body } = await admin.call('GET', `${connectors}/${metadata.name}`, undefined, { accept });
  expect(body).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { uid: metadata.uid } });
  expect(bodyOf({ body } as ApiAnswer).spec).toBeUndefined();
});

check('a Lease is renewed by replacing it, and a late renewal is refused', async ({ as: { admin } }) => {
  const { path } = kinds.Lease;
  const first = bodyOf(await admin.call('POST', path, manifestOf('Lease', newName())));
  const renew = (renewTime: string, holderIdentity: string): Promise<ApiAnswer> =>
    admin.call('PUT', `${path}/${first.metadata.name}`, {
      ...first,
      spec: { ...first.spec, renewTime, holderIdentity },
    });
  const renewed = await renew('2026-01-02T03:04:06.123456Z', 'somebody');
  expect(renewed).toMatchObject({ status: 200, body: { spec: { renewTime: '2026-01-02T03:04:06.123456Z' } } });
  expect((await renew('2026-01-02T03:04:07.000000Z', 'another')).status).toBe(409);
});

check('a Lease can be given up by an empty holder, as leader election does', async ({ as: { admin } }) => {
  const { path } = kinds.Lease;
  const { metadata } = bodyOf(await admin.call('POST', path, manifestOf('Lease', newName())));
  const released = await admin.call('PATCH', `${path}/${metadata.name}`, { spec: { holderIdentity: '' } });
  expect(released).toMatchObject({ status: 200, body: { spec: { holderIdentity: '' } } });
});

check('names are unique within a kind and a namespace only', async ({ as: { admin } }) => {
  const name = newName();
  expect((await admin.call('POST', connectors, manifestOf('Connector', name))).status).toBe(201);
  expect((await admin.call('POST', proxies, manifestOf('HTTPProxy', name))).status).toBe(201);
  const namespace = newName('ns');
  await admin.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const elsewhere = connectors.replace('/default/', `/${namespace}/`);
  expect(await admin.call('POST', elsewhere, manifestOf('Connector', name))).toMatchObject({
    status: 201,
    body: { metadata: { namespace } },
  });
});
