/**
 * Reading and writing objects over HTTPS: what a write may change, what refusals say, what deletion does.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createTestClient, type Reply, type TestClient } from '../test-client.ts';
import { startTestControlPlane, type TestControlPlane } from '../test-control-plane.ts';

let controlPlane: TestControlPlane;
let client: TestClient;
beforeAll(async () => {
  controlPlane = await startTestControlPlane({
    limits: { maxBodyBytes: 100_000, maxObjectBytes: 50_000, maxObjects: 300 },
  });
  client = createTestClient(controlPlane);
});
afterAll(async () => {
  client.close();
  await controlPlane.close();
});

const group = '/apis/networking.datumapis.com/v1alpha1/namespaces/default';
const connectors = `${group}/connectors`;
const proxies = '/apis/networking.datumapis.com/v1alpha/namespaces/default/httpproxies';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const merge = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';

let counter = 0;
let name = '';
beforeEach(() => {
  counter += 1;
  name = `c${counter}`;
});

const create = (metadata: object = {}, rest: object = {}): Promise<Reply> =>
  client.send('POST', connectors, {
    body: { metadata: { name, ...metadata }, spec: { connectorClassName: 'x' }, ...rest },
  });
const patch = (body: unknown, options: { type?: string; sub?: string; query?: string } = {}): Promise<Reply> =>
  client.send('PATCH', `${connectors}/${name}${options.sub ?? ''}${options.query ?? ''}`, {
    body,
    type: options.type ?? merge,
  });
const read = (): Promise<Reply> => client.send('GET', `${connectors}/${name}`);

describe('writes', () => {
  test('a creation gets identity, defaults and the default status; its own status is ignored', async () => {
    const { status, body } = await create({ uid: 'mine', generation: 7 }, { status: { leaseRef: { name: 'forged' } } });
    expect(status).toBe(201);
    expect(body.metadata.uid).not.toBe('mine');
    expect(body.metadata).toMatchObject({ name, namespace: 'default', generation: 1 });
    expect(body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(body.status.leaseRef).toBeUndefined();
    expect(body.status.conditions[0]).toMatchObject({ type: 'Accepted', status: 'Unknown' });
  });

  test('a write to the main resource ignores status, a write to status ignores everything else', async () => {
    await create();
    const main = await patch({ spec: { connectorClassName: 'y' }, status: { leaseRef: { name: 'l' } } });
    expect(main.body).toMatchObject({ metadata: { generation: 2 }, spec: { connectorClassName: 'y' } });
    expect(main.body.status.leaseRef).toBeUndefined();
    const change = {
      metadata: { labels: { a: 'b' } },
      spec: { connectorClassName: 'z' },
      status: { leaseRef: { name: 'l' } },
    };
    const status = await patch(change, { sub: '/status' });
    expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { connectorClassName: 'y' } });
    expect(status.body.metadata.labels).toBeUndefined();
    expect(status.body.status.leaseRef.name).toBe('l');
  });

  test('labels do not bump the generation, and what changes nothing does not bump the version', async () => {
    await create();
    const labelled = await patch({ metadata: { labels: { a: 'b' } } });
    expect(labelled.body.metadata.generation).toBe(1);
    const same = await patch({ metadata: { labels: { a: 'b' } } });
    expect(same.body.metadata.resourceVersion).toBe(labelled.body.metadata.resourceVersion);
  });

  test('a stale version is refused on PUT, PATCH and DELETE', async () => {
    const { body: first } = await create();
    await patch({ spec: { connectorClassName: 'y' } });
    const put = await client.send('PUT', `${connectors}/${name}`, { body: first });
    expect(put).toMatchObject({ status: 409, body: { reason: 'Conflict', details: { name, kind: 'connectors' } } });
    const { resourceVersion } = first.metadata;
    expect((await patch({ metadata: { resourceVersion } })).status).toBe(409);
    const body = { preconditions: { resourceVersion } };
    expect((await client.send('DELETE', `${connectors}/${name}`, { body })).status).toBe(409);
    const unversioned = { ...first, metadata: { name } };
    expect((await client.send('PUT', `${connectors}/${name}`, { body: unversioned })).status).toBe(422);
  });

  test('identity cannot be changed', async () => {
    const { body } = await create();
    await patch({
      metadata: {
        creationTimestamp: '2000-01-01T00:00:00Z',
        generation: 99,
        deletionTimestamp: '2000-01-01T00:00:00Z',
      },
    });
    expect((await read()).body.metadata).toEqual(body.metadata);
    expect((await patch({ metadata: { uid: 'other' } })).status).toBe(422);
    expect((await patch({ metadata: { name: 'other' } })).status).toBe(400);
    expect((await patch({ kind: 'HTTPProxy' })).status).toBe(422);
  });

  test('names are made from generateName, and taken names refused', async () => {
    const made = await create({ name: undefined, generateName: 'made-' });
    expect(made.body.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
    await create();
    expect(await create()).toMatchObject({ status: 409, body: { reason: 'AlreadyExists' } });
    expect((await create({ name: undefined })).body.details.causes[0].field).toBe('metadata.name');
    expect((await create({ name: 'Not_A_Name' })).status).toBe(422);
  });

  test('JSON patch applies in order and tests', async () => {
    await create({ labels: { a: 'b' } });
    const done = await patch(
      [
        { op: 'test', path: '/metadata/labels/a', value: 'b' },
        { op: 'add', path: '/metadata/annotations', value: { 'x.y/z': '1' } },
        { op: 'replace', path: '/metadata/annotations/x.y~1z', value: '2' },
      ],
      { type: jsonPatch },
    );
    expect(done.body.metadata.annotations).toEqual({ 'x.y/z': '2' });
    const refused = await patch([{ op: 'test', path: '/metadata/labels/a', value: 'c' }], { type: jsonPatch });
    expect(refused.status).toBe(422);
  });

  test.each(['application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'text/plain'])(
    'the patch type %s is refused with 415',
    async (type) => {
      await create();
      expect(await patch({}, { type })).toMatchObject({ status: 415, body: { reason: 'UnsupportedMediaType' } });
    },
  );

  test('a rehearsal answers as the real thing and leaves nothing', async () => {
    expect(
      (
        await client.send('POST', `${connectors}?dryRun=All`, {
          body: { metadata: { name }, spec: { connectorClassName: 'x' } },
        })
      ).status,
    ).toBe(201);
    expect((await read()).status).toBe(404);
    await create();
    expect(
      (await patch({ spec: { connectorClassName: 'y' } }, { query: '?dryRun=All' })).body.spec.connectorClassName,
    ).toBe('y');
    expect((await read()).body.spec.connectorClassName).toBe('x');
    await client.send('DELETE', `${connectors}/${name}?dryRun=All`);
    expect((await read()).status).toBe(200);
  });

  test('YAML bodies are read', async () => {
    const body = `metadata: { name: ${name} }\nspec:\n  connectorClassName: x\n`;
    expect((await client.send('POST', connectors, { body, type: 'application/yaml' })).status).toBe(201);
  });
});

describe('validation', () => {
  test('names each field at fault', async () => {
    const spec = { rules: [{ backends: [{ endpoint: 'ftp://x' }] }, { matches: [{ path: { type: 'Regex' } }] }] };
    const { status, body } = await client.send('POST', proxies, { body: { metadata: { name }, spec } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ reason: 'Invalid', details: { name, kind: 'HTTPProxy' } });
    expect(
      body.details.causes.map(({ field, reason }: { field: string; reason: string }) => `${reason} ${field}`),
    ).toEqual([
      'FieldValueInvalid spec.rules[0].backends[0].endpoint',
      'FieldValueNotSupported spec.rules[1].matches[0].path.type',
    ]);
  });

  test('a list that is a map takes each key once', async () => {
    const capabilities = [{ type: 'ConnectTCP' }, { type: 'ConnectTCP' }];
    const { body } = await create({}, { spec: { connectorClassName: 'x', capabilities } });
    expect(body.details.causes).toEqual([
      expect.objectContaining({ reason: 'FieldValueDuplicate', field: 'spec.capabilities[1]' }),
    ]);
  });

  test('defaults are filled in, unknown fields dropped, warned of, or refused', async () => {
    const body = { metadata: { name }, spec: { rules: [{ matches: [{ path: {} }], surprise: 1 }] } };
    const strict = await client.send('POST', `${proxies}?fieldValidation=Strict`, { body });
    expect(strict.status).toBe(400);
    expect(strict.body.message).toContain('unknown field "spec.rules[0].surprise"');
    const warned = await client.send('POST', proxies, { body });
    expect(warned.body.spec.rules[0]).toEqual({ matches: [{ path: { type: 'PathPrefix', value: '/' } }] });
    expect(warned.headers['warning']).toContain('spec.rules[0].surprise');
  });

  test('status is validated too', async () => {
    await create();
    const refused = await patch({ status: { conditions: [{ type: 'Ready', status: 'Maybe' }] } }, { sub: '/status' });
    expect(refused.status).toBe(422);
    expect(refused.body.details.causes.map(({ field }: { field: string }) => field)).toContain(
      'status.conditions[0].status',
    );
  });

  test('metadata is validated', async () => {
    expect((await create({ labels: { a: 'not a value' } })).body.details.causes[0].field).toBe('metadata.labels');
    expect((await create({ finalizers: ['Not/Qualified/Name'] })).status).toBe(422);
    expect((await create({ ownerReferences: [{ kind: 'X' }] })).status).toBe(422);
    expect((await create(JSON.parse('{"labels":{"__proto__":"x"}}') as object)).status).toBe(422);
  });

  test('what is too large, too deep or no JSON is refused', async () => {
    expect((await create({ annotations: { a: 'x'.repeat(60_000) } })).status).toBe(413);
    expect((await create({ annotations: { a: 'x'.repeat(120_000) } })).status).toBe(413);
    expect((await client.send('POST', connectors, { body: '{"a":'.repeat(300) + '1' + '}'.repeat(300) })).status).toBe(
      400,
    );
    expect((await client.send('POST', connectors, { body: '{' })).status).toBe(400);
    expect((await client.send('POST', connectors, { body: '[]' })).status).toBe(400);
    expect((await client.send('GET', connectors)).status).toBe(200);
  });

  test('a namespace that does not exist holds nothing', async () => {
    const elsewhere = connectors.replace('/default/', '/nowhere/');
    const body = { metadata: { name }, spec: { connectorClassName: 'x' } };
    expect(await client.send('POST', elsewhere, { body })).toMatchObject({
      status: 404,
      body: { details: { name: 'nowhere' } },
    });
    expect((await client.send('GET', elsewhere)).body.items).toEqual([]);
  });

  test('definitions cannot be changed', async () => {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    expect((await client.send('GET', path)).body.items).toHaveLength(5);
    expect((await client.send('POST', path, { body: {} })).status).toBe(405);
    expect((await client.send('DELETE', `${path}/connectors.networking.datumapis.com`)).status).toBe(405);
  });
});

describe('deletion', () => {
  test('waits for finalizers', async () => {
    await create({ finalizers: ['example.com/hold'] });
    const deleted = await client.send('DELETE', `${connectors}/${name}`);
    expect(deleted.body.metadata.deletionTimestamp).toBeTruthy();
    expect((await patch({ metadata: { finalizers: ['example.com/hold', 'example.com/more'] } })).status).toBe(422);
    expect((await read()).status).toBe(200);
    await patch({ metadata: { finalizers: null } });
    expect((await read()).status).toBe(404);
  });

  test('keeps to the UID it was meant for', async () => {
    const { body } = await create();
    const remove = (uid: string): Promise<Reply> =>
      client.send('DELETE', `${connectors}/${name}`, { body: { preconditions: { uid } } });
    expect((await remove('another')).status).toBe(409);
    expect((await remove(body.metadata.uid)).body).toMatchObject({ kind: 'Status', status: 'Success' });
  });

  test('of a collection follows the selector', async () => {
    await create({ labels: { set: name } });
    await create({ name: `${name}-b`, labels: { set: name } });
    await create({ name: `${name}-c` });
    const removed = await client.send('DELETE', `${connectors}?labelSelector=set%3D${name}`);
    expect(removed.body.items).toHaveLength(2);
    expect((await client.send('GET', `${connectors}/${name}-c`)).status).toBe(200);
  });

  test('takes what it owned along, in steps, but not what was orphaned or has another owner', async () => {
    const { body: owner } = await create();
    const { body: other } = await create({ name: `${name}-other` });
    const reference = (each: { metadata: { uid: string; name: string } }): object => ({
      apiVersion: owner.apiVersion,
      kind: owner.kind,
      name: each.metadata.name,
      uid: each.metadata.uid,
    });
    const lease = async (leaseName: string, owners: readonly object[]): Promise<Reply> =>
      client.send('POST', leases, { body: { metadata: { name: leaseName, ownerReferences: owners }, spec: {} } });
    const { body: owned } = await lease(`${name}-owned`, [reference(owner)]);
    const grand = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      name: owned.metadata.name,
      uid: owned.metadata.uid,
    };
    await lease(`${name}-grand`, [grand]);
    await lease(`${name}-shared`, [reference(owner), reference(other)]);
    await client.send('DELETE', `${connectors}/${name}`);
    const statusOf = async (lease: string): Promise<number> =>
      (await client.send('GET', `${leases}/${name}-${lease}`)).status;
    await expect.poll(() => statusOf('owned')).toBe(404);
    await expect.poll(() => statusOf('grand')).toBe(404);
    const shared = async (): Promise<number> =>
      (await client.send('GET', `${leases}/${name}-shared`)).body.metadata.ownerReferences.length;
    await expect.poll(shared).toBe(1);
    await client.send('DELETE', `${connectors}/${name}-other`, { body: { propagationPolicy: 'Orphan' } });
    expect((await client.send('GET', `${leases}/${name}-shared`)).body.metadata.ownerReferences).toBeUndefined();
  });

  test('collects what was created for an owner that is already gone, also when that happened before a restart', async () => {
    const ownerReferences = [
      { apiVersion: 'networking.datumapis.com/v1alpha1', kind: 'Connector', name: 'gone', uid: 'gone' },
    ];
    await client.send('POST', leases, { body: { metadata: { name: `${name}-late`, ownerReferences }, spec: {} } });
    await expect.poll(async () => (await client.send('GET', `${leases}/${name}-late`)).status).toBe(404);
  });
});

describe('lists', () => {
  test('come in pages of one version', async () => {
    for (const index of [0, 1, 2, 3, 4]) await create({ name: `${name}-${index}`, labels: { page: name } });
    const path = `${connectors}?labelSelector=page%3D${name}&limit=2`;
    const first = await client.send('GET', path);
    await client.send('DELETE', `${connectors}/${name}-3`);
    await create({ name: `${name}-9`, labels: { page: name } });
    const names = first.body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    let token = first.body.metadata.continue as string | undefined;
    expect((await client.send('GET', `${connectors}?limit=1`)).body.metadata.remainingItemCount).toBeGreaterThan(3);
    while (token !== undefined) {
      const next: Reply = await client.send('GET', `${path}&continue=${token}`);
      expect(next.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
      names.push(...next.body.items.map((each: { metadata: { name: string } }) => each.metadata.name));
      token = next.body.metadata.continue as string | undefined;
    }
    expect(names).toEqual([0, 1, 2, 3, 4].map((index) => `${name}-${index}`));
    expect((await client.send('GET', `${path}&continue=rubbish`)).status).toBe(400);
  });

  test('follow label and field selectors', async () => {
    await create({ labels: { tier: 'a', own: name } });
    await create({ name: `${name}-b`, labels: { tier: 'b', own: name } });
    await create({ name: `${name}-n`, labels: { own: name } });
    const select = async (selector: string, kind = 'labelSelector'): Promise<string[]> => {
      const { body } = await client.send('GET', `${connectors}?${kind}=${encodeURIComponent(selector)}`);
      return body.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    };
    expect(await select(`own=${name},tier in (a, c)`)).toEqual([name]);
    expect(await select(`own=${name},tier notin (a)`)).toEqual([`${name}-b`, `${name}-n`]);
    expect(await select(`own=${name},tier`)).toEqual([name, `${name}-b`]);
    expect(await select(`own=${name},!tier`)).toEqual([`${name}-n`]);
    expect(await select(`own==${name},tier!=a`)).toEqual([`${name}-b`, `${name}-n`]);
    expect(await select(`metadata.name=${name}-b`, 'fieldSelector')).toEqual([`${name}-b`]);
    const id = createHash('sha256').update(name).digest('hex');
    await patch({ status: { connectionDetails: { type: 'PublicKey', publicKey: { id } } } }, { sub: '/status' });
    expect(await select(`status.connectionDetails.publicKey.id=${id}`, 'fieldSelector')).toEqual([name]);
    expect((await client.send('GET', `${connectors}?fieldSelector=spec.x%3Dy`)).status).toBe(400);
    expect((await client.send('GET', `${connectors}?labelSelector=a%20in`)).status).toBe(400);
  });

  test('are sent as tables and as metadata where asked', async () => {
    await create();
    const accept = (form: string): { headers: Record<string, string> } => ({
      headers: { Accept: `application/json;as=${form};v=v1;g=meta.k8s.io` },
    });
    const path = `${connectors}?fieldSelector=metadata.name%3D${name}`;
    const table = (await client.send('GET', path, accept('Table'))).body;
    expect(table.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Class',
      'Accepted',
      'Ready',
      'Age',
    ]);
    expect(table.rows[0].cells.slice(0, 4)).toEqual([name, 'x', 'Unknown', null]);
    const partial = (await client.send('GET', path, accept('PartialObjectMetadataList'))).body;
    expect(partial.items[0].spec).toBeUndefined();
    expect((await client.send('GET', path, { headers: { Accept: 'text/html' } })).status).toBe(406);
  });

  test('of the future and of forgotten versions are refused with 410', async () => {
    expect((await client.send('GET', `${connectors}?resourceVersion=999999`)).status).toBe(410);
    expect((await client.send('GET', `${connectors}?resourceVersion=x`)).status).toBe(400);
  });

  test('the number of objects is bounded', async () => {
    const replies = await Promise.all(Array.from({ length: 300 }, (_, index) => create({ name: `${name}-${index}` })));
    const refused = replies.find(({ status }) => status !== 201);
    expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
    expect(refused?.body.message).toContain('exceeded quota');
    await client.send('DELETE', connectors);
  });
});
