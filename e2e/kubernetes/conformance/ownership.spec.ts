/**
 * Deletion: finalizers, preconditions, what owners take with them, and namespaces.
 */
import type { ApiClient } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body, type KindName } from './manifests.ts';
import { check, expect } from './servers.ts';

async function make(client: ApiClient, kind: KindName, metadata: object = {}): Promise<Body & { readonly at: string }> {
  const name = newName();
  const { status, body } = await client.call('POST', kinds[kind].path, manifestOf(kind, name, metadata));
  expect(status).toBe(201);
  return { ...(body as Body), at: `${kinds[kind].path}/${name}` };
}

const statusOf = async (client: ApiClient, path: string): Promise<number> => (await client.call('GET', path)).status;

function ownedBy(...owners: readonly Body[]): object {
  return {
    ownerReferences: owners.map(({ apiVersion, kind, metadata: { name, uid } }) => ({ apiVersion, kind, name, uid })),
  };
}

check('a finalizer keeps an object until it is taken off', async ({ as: { admin } }) => {
  const { at } = await make(admin, 'Connector', { finalizers: ['example.com/hold'] });
  const deleted = await admin.call('DELETE', at);
  expect(deleted).toMatchObject({ status: 200, body: { metadata: { deletionTimestamp: expect.any(String) } } });
  expect(await admin.call('DELETE', at)).toMatchObject({ status: 200 });
  expect(await statusOf(admin, at)).toBe(200);
  const released = await admin.call('PATCH', at, { metadata: { finalizers: null } });
  expect(released.status).toBe(200);
  expect(await statusOf(admin, at)).toBe(404);
});

check('of two finalizers the last one lets go', async ({ as: { admin } }) => {
  const { at } = await make(admin, 'Connector', { finalizers: ['example.com/a', 'example.com/b'] });
  await admin.call('DELETE', at);
  await admin.call('PATCH', at, { metadata: { finalizers: ['example.com/b'] } });
  expect(await statusOf(admin, at)).toBe(200);
  await admin.call('PATCH', at, { metadata: { finalizers: [] } });
  expect(await statusOf(admin, at)).toBe(404);
});

check('what is being deleted takes no new finalizer', async ({ as: { admin } }) => {
  const { at } = await make(admin, 'Connector', { finalizers: ['example.com/a'] });
  await admin.call('DELETE', at);
  const answer = await admin.call('PATCH', at, { metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
  expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
  expect((answer.body as Body).details?.causes?.[0]?.field).toBe('metadata.finalizers');
});

check(
  'a deletion of exactly this object and version is granted, and says what it deleted',
  async ({ as: { admin } }) => {
    const { at, metadata } = await make(admin, 'Connector');
    const { uid, resourceVersion, name } = metadata;
    const answer = await admin.call('DELETE', at, { preconditions: { uid, resourceVersion } });
    expect(answer).toMatchObject({ status: 200, body: { kind: 'Status', status: 'Success', details: { name, uid } } });
  },
);

check('what is owned goes with its owner', async ({ as: { admin } }) => {
  const owner = await make(admin, 'Connector');
  const lease = await make(admin, 'Lease', ownedBy(owner));
  const advertisement = await make(admin, 'ConnectorAdvertisement', ownedBy(owner));
  const stranger = await make(admin, 'HTTPProxy');
  await admin.call('DELETE', owner.at);
  await expect.poll(() => statusOf(admin, lease.at)).toBe(404);
  await expect.poll(() => statusOf(admin, advertisement.at)).toBe(404);
  expect(await statusOf(admin, stranger.at)).toBe(200);
});

check('what is owned by what is owned goes as well', async ({ as: { admin } }) => {
  const first = await make(admin, 'Connector');
  const second = await make(admin, 'ConnectorAdvertisement', ownedBy(first));
  const third = await make(admin, 'Lease', ownedBy(second));
  await admin.call('DELETE', first.at);
  await expect.poll(() => statusOf(admin, third.at)).toBe(404);
});

check('what has two owners stays until both are gone', async ({ as: { admin } }) => {
  const owners = [await make(admin, 'Connector'), await make(admin, 'Connector')];
  const lease = await make(admin, 'Lease', ownedBy(...owners));
  await admin.call('DELETE', owners[0]?.at ?? '');
  await expect
    .poll(async () => (await admin.call('GET', lease.at)).body)
    .toMatchObject({ metadata: { ownerReferences: [{ uid: owners[1]?.metadata.uid }] } });
  await admin.call('DELETE', owners[1]?.at ?? '');
  await expect.poll(() => statusOf(admin, lease.at)).toBe(404);
});

check('what refers to an owner that never was is collected', async ({ as: { admin } }) => {
  const owner = await make(admin, 'Connector');
  await admin.call('DELETE', owner.at);
  const lease = await make(admin, 'Lease', ownedBy(owner));
  await expect.poll(() => statusOf(admin, lease.at)).toBe(404);
});

check('an owner of the same name with another uid is no owner', async ({ as: { admin } }) => {
  const owner = await make(admin, 'Connector');
  await admin.call('DELETE', owner.at);
  await admin.call('POST', kinds.Connector.path, manifestOf('Connector', owner.metadata.name));
  const lease = await make(admin, 'Lease', ownedBy(owner));
  await expect.poll(() => statusOf(admin, lease.at)).toBe(404);
});

check('a deletion that orphans leaves what was owned, without its owner', async ({ as: { admin } }) => {
  const owner = await make(admin, 'Connector');
  const lease = await make(admin, 'Lease', ownedBy(owner));
  expect((await admin.call('DELETE', owner.at, { propagationPolicy: 'Orphan' })).status).toBe(200);
  await expect.poll(() => statusOf(admin, owner.at)).toBe(404);
  const { body } = await admin.call('GET', lease.at);
  expect((body as { metadata: { ownerReferences?: unknown } }).metadata.ownerReferences ?? []).toEqual([]);
});

check('a namespace goes with all that is in it, and takes nothing new meanwhile', async ({ as: { admin } }) => {
  const namespace = newName('ns');
  const at = `/api/v1/namespaces/${namespace}`;
  const made = await admin.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  expect(made).toMatchObject({
    status: 201,
    body: { metadata: { labels: { 'kubernetes.io/metadata.name': namespace } }, status: { phase: 'Active' } },
  });
  const inside = kinds.Connector.path.replace('/default/', `/${namespace}/`);
  await admin.call('POST', inside, manifestOf('Connector', 'held', { finalizers: ['example.com/hold'] }));
  expect((await admin.call('DELETE', at)).status).toBe(200);
  await expect.poll(async () => (await admin.call('GET', at)).body).toMatchObject({ status: { phase: 'Terminating' } });
  const late = await admin.call('POST', inside, manifestOf('Connector', 'late'));
  expect(late).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
  await expect
    .poll(async () => (await admin.call('GET', `${inside}/held`)).body)
    .toMatchObject({ metadata: { deletionTimestamp: expect.any(String) } });
  await admin.call('PATCH', `${inside}/held`, { metadata: { finalizers: null } });
  await expect.poll(() => statusOf(admin, at)).toBe(404);
});

check('the namespace that everything lives in cannot be deleted', async ({ as: { admin } }) => {
  expect(await admin.call('DELETE', '/api/v1/namespaces/default')).toMatchObject({
    status: 403,
    body: { reason: 'Forbidden' },
  });
});
