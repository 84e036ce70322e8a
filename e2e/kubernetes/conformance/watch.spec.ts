/**
 * Watches: what happened since a version, in order and once; and what a watcher is told when it cannot be told that.
 */
import type { ApiClient, CallOptions, WatchEvent, Watching } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body } from './manifests.ts';
import { check, expect, type Server } from './servers.ts';

const connectors = kinds.Connector.path;

/** A connector with a label of its own, by which the watches of a check see nothing else. */
async function makeWatched(
  client: ApiClient,
): Promise<{ readonly own: string; readonly at: string; readonly made: Body }> {
  const own = newName('watched');
  const { body } = await client.call('POST', connectors, manifestOf('Connector', own, { labels: { own } }));
  return { own, at: `${connectors}/${own}`, made: body as Body };
}

function watch(client: ApiClient, query: Readonly<Record<string, string>>, options?: CallOptions): Promise<Watching> {
  return client.watch(`${connectors}?${new URLSearchParams({ watch: 'true', ...query })}`, options);
}

const objectOf = ({ object }: WatchEvent): Body => object as Body;
const typesOf = ({ events }: Watching): readonly string[] => events.map(({ type }) => type);
const label = (client: ApiClient, at: string, labels: object): Promise<unknown> =>
  client.call('PATCH', at, { metadata: { labels } });

check(
  'a watch from a version tells what happened since, in order, each with its version',
  async ({ as: { admin } }) => {
    const { own, at, made } = await makeWatched(admin);
    await label(admin, at, { n: '1' });
    await label(admin, at, { n: '2' });
    await admin.call('DELETE', at);
    const watching = await watch(admin, {
      labelSelector: `own=${own}`,
      resourceVersion: made.metadata.resourceVersion,
    });
    await expect.poll(() => typesOf(watching)).toEqual(['MODIFIED', 'MODIFIED', 'DELETED']);
    expect(watching.events.map((event) => objectOf(event).metadata.labels?.['n'])).toEqual(['1', '2', '2']);
    const versions = watching.events.map((event) => Number(objectOf(event).metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    expect(new Set(versions).size).toBe(3);
    watching.close();
  },
);

check(
  'a watch that breaks is resumed from the last version, without loss and without repeating',
  async ({ as: { admin } }) => {
    const { own, at, made } = await makeWatched(admin);
    const query = { labelSelector: `own=${own}` };
    const first = await watch(admin, { ...query, resourceVersion: made.metadata.resourceVersion });
    await label(admin, at, { n: '1' });
    await expect.poll(() => first.events.length).toBe(1);
    first.close();
    await label(admin, at, { n: '2' });
    const [last] = first.events.slice(-1).map(objectOf);
    const second = await watch(admin, { ...query, resourceVersion: last?.metadata.resourceVersion ?? '' });
    await label(admin, at, { n: '3' });
    await expect.poll(() => second.events.map((event) => objectOf(event).metadata.labels?.['n'])).toEqual(['2', '3']);
    second.close();
  },
);

check('what enters a selection is added, what leaves it is deleted', async ({ as: { admin } }) => {
  const { own, at, made } = await makeWatched(admin);
  const watching = await watch(admin, {
    labelSelector: `own=${own},tier=1`,
    resourceVersion: made.metadata.resourceVersion,
  });
  await label(admin, at, { tier: '1' });
  await label(admin, at, { more: 'x' });
  await label(admin, at, { tier: '2' });
  await label(admin, at, { more: 'y' });
  await label(admin, at, { tier: '1' });
  await expect.poll(() => typesOf(watching)).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'ADDED']);
  // Of what left, the watcher is shown the last state it may see.
  expect(watching.events.map((event) => objectOf(event).metadata.labels?.['tier'])).toEqual(['1', '1', '1', '1']);
  watching.close();
});

for (const version of ['', '0']) {
  check(`a watch from version "${version}" begins with what is there`, async ({ as: { admin } }) => {
    const { own, at } = await makeWatched(admin);
    const watching = await watch(admin, { labelSelector: `own=${own}`, resourceVersion: version });
    await expect.poll(() => typesOf(watching)).toEqual(['ADDED']);
    await admin.call('DELETE', at);
    await expect.poll(() => typesOf(watching)).toEqual(['ADDED', 'DELETED']);
    watching.close();
  });
}

check('a watch of one object by its name sees no other', async ({ as: { admin } }) => {
  const { own, made, at } = await makeWatched(admin);
  const other = await makeWatched(admin);
  const watching = await watch(admin, {
    fieldSelector: `metadata.name=${own}`,
    resourceVersion: made.metadata.resourceVersion,
  });
  await admin.call('DELETE', other.at);
  await admin.call('DELETE', at);
  await expect.poll(() => watching.events.map((event) => objectOf(event).metadata.name)).toEqual([own]);
  watching.close();
});

check('the status and the object are watched together', async ({ as: { admin } }) => {
  const { own, at, made } = await makeWatched(admin);
  const watching = await watch(admin, { labelSelector: `own=${own}`, resourceVersion: made.metadata.resourceVersion });
  await admin.call('PATCH', `${at}/status`, { status: { leaseRef: { name: 'l' } } });
  await expect.poll(() => typesOf(watching)).toEqual(['MODIFIED']);
  expect(objectOf(watching.events[0] as WatchEvent)).toMatchObject({ status: { leaseRef: { name: 'l' } } });
  watching.close();
});

check('a deletion that waits for a finalizer is a change, and then a deletion', async ({ as: { admin } }) => {
  const { own, at } = await makeWatched(admin);
  const { body } = await admin.call('PATCH', at, { metadata: { finalizers: ['example.com/hold'] } });
  const watching = await watch(admin, {
    labelSelector: `own=${own}`,
    resourceVersion: (body as Body).metadata.resourceVersion,
  });
  await admin.call('DELETE', at);
  await expect.poll(() => typesOf(watching)).toEqual(['MODIFIED']);
  expect(objectOf(watching.events[0] as WatchEvent).metadata.deletionTimestamp).toBeTruthy();
  await admin.call('PATCH', at, { metadata: { finalizers: null } });
  await expect.poll(() => typesOf(watching)).toEqual(['MODIFIED', 'DELETED']);
  watching.close();
});

check('a watch ends in order after timeoutSeconds', async ({ as: { admin } }) => {
  const watching = await watch(admin, { labelSelector: `own=${newName()}`, timeoutSeconds: '1' });
  expect(watching.ended).toBe(false);
  await expect.poll(() => watching.ended).toBe(true);
  expect(watching.events).toEqual([]);
});

check('initial events end with a bookmark that says so', async ({ as: { admin } }) => {
  const { own } = await makeWatched(admin);
  const watching = await watch(admin, {
    labelSelector: `own=${own}`,
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  });
  await expect.poll(() => typesOf(watching)).toEqual(['ADDED', 'BOOKMARK']);
  const { metadata, kind } = objectOf(watching.events[1] as WatchEvent);
  expect(metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(kind).toBe('Connector');
  expect(Number(metadata.resourceVersion)).toBeGreaterThan(0);
  watching.close();
});

check('nobody gets a bookmark who did not ask for one', async ({ as: { admin } }) => {
  const { own } = await makeWatched(admin);
  const watching = await watch(admin, {
    labelSelector: `own=${own}`,
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    timeoutSeconds: '1',
  });
  await expect.poll(() => watching.ended).toBe(true);
  expect(typesOf(watching)).toEqual(['ADDED']);
});

check('a watch can be resumed from a bookmark', async ({ as: { admin } }) => {
  const { own, at } = await makeWatched(admin);
  const first = await watch(admin, {
    labelSelector: `own=${own}`,
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
  });
  await expect.poll(() => typesOf(first)).toContain('BOOKMARK');
  first.close();
  await label(admin, at, { n: '1' });
  const { resourceVersion } = objectOf(first.events.at(-1) as WatchEvent).metadata;
  const second = await watch(admin, { labelSelector: `own=${own}`, resourceVersion });
  await expect.poll(() => typesOf(second)).toEqual(['MODIFIED']);
  second.close();
});

check('initial events without saying of which version are refused', async ({ as: { admin } }) => {
  const answer = await admin.call('GET', `${connectors}?watch=true&sendInitialEvents=true`);
  expect(answer).toMatchObject({
    status: 422,
    body: { details: { causes: [{ field: 'resourceVersionMatch', reason: 'FieldValueForbidden' }] } },
  });
});

/** More changes than the embedded control plane remembers of a kind; Kubernetes forgets what was before its start. */
const forgottenChanges = 1001;

async function forgetThePast({ name, as: { admin } }: Server): Promise<void> {
  if (name === 'kubernetes') return;
  const { path } = kinds.DRTPServer;
  const manifest = manifestOf('DRTPServer', newName());
  await admin.call('POST', path, manifest);
  const renew = (index: number): Promise<unknown> =>
    admin.call('PATCH', `${path}/${manifest.metadata.name}`, { metadata: { labels: { n: String(index) } } });
  for (let index = 0; index < forgottenChanges; index += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, offset) => renew(index + offset)));
  }
}

check('a watch from a version that is forgotten is told 410 Expired and ends', async (on) => {
  await forgetThePast(on);
  const watching = await on.as.admin.watch(`${kinds.DRTPServer.path}?watch=true&resourceVersion=1`);
  await expect.poll(() => watching.ended).toBe(true);
  expect(watching.status).toBe(200);
  expect(watching.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
});

check('a watch in the form of a table has the columns and a row for each change', async ({ as: { admin } }) => {
  const { own, at } = await makeWatched(admin);
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const watching = await watch(admin, { labelSelector: `own=${own}` }, { accept });
  await label(admin, at, { n: '1' });
  await expect.poll(() => typesOf(watching)).toEqual(['ADDED', 'MODIFIED']);
  const [first, second] = watching.events.map(({ object }) => object as Table);
  expect(first?.columnDefinitions?.map(({ name }) => name)).toEqual(['Name', 'Class', 'Accepted', 'Ready', 'Age']);
  expect(second?.rows[0]?.cells.slice(0, 3)).toEqual([own, 'sallyport', 'Unknown']);
  watching.close();
});

type Table = {
  readonly columnDefinitions?: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
};
