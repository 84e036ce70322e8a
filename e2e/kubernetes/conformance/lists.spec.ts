/**
 * Lists: selectors, pages, and the version that a list is of.
 */
import type { ApiAnswer, ApiClient } from '../api-client.ts';
import { kinds, manifestOf, newName, type Body } from './manifests.ts';
import { check, expect } from './servers.ts';

const connectors = kinds.Connector.path;

type List = Body & { readonly metadata: { readonly remainingItemCount?: number } };

async function list(client: ApiClient, query: Readonly<Record<string, string>>, path = connectors): Promise<List> {
  const answer = await client.call('GET', `${path}?${new URLSearchParams(query)}`);
  expect(answer.status).toBe(200);
  return answer.body as List;
}

const namesOf = ({ items }: Body): readonly string[] => items.map(({ metadata }) => metadata.name);

/** Makes connectors called `prefix-a` and so on, with these labels and a label of their own that selects them all. */
async function makeGroup(
  client: ApiClient,
  members: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<{ readonly own: string; readonly nameOf: (member: string) => string }> {
  const own = newName('group');
  for (const [member, labels] of Object.entries(members)) {
    await client.call('POST', connectors, manifestOf('Connector', `${own}-${member}`, { labels: { own, ...labels } }));
  }
  return { own, nameOf: (member) => `${own}-${member}` };
}

const labelled = { a: { tier: '1', region: 'eu' }, b: { tier: '2' }, c: {} };

const selections: readonly (readonly [selector: string, members: readonly string[]])[] = [
  ['tier', ['a', 'b']],
  ['!tier', ['c']],
  ['tier=1', ['a']],
  ['tier==1', ['a']],
  ['tier!=1', ['b', 'c']],
  ['tier in (1,2)', ['a', 'b']],
  ['tier in ( 2 , 3 )', ['b']],
  ['tier notin (1)', ['b', 'c']],
  ['tier,region=eu', ['a']],
  ['tier=3', []],
  ['tier in ()', []],
];

for (const [selector, members] of selections) {
  check(`the label selector "${selector}" selects ${members.join(' and ') || 'nothing'}`, async ({ as: { admin } }) => {
    const { own, nameOf } = await makeGroup(admin, labelled);
    expect(namesOf(await list(admin, { labelSelector: `own=${own},${selector}` }))).toEqual(members.map(nameOf));
  });
}

check('field selectors select by name, namespace, and what the definition names', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, labelled);
  const select = async (fieldSelector: string): Promise<readonly string[]> =>
    namesOf(await list(admin, { labelSelector: `own=${own}`, fieldSelector }));
  expect(await select(`metadata.name=${nameOf('a')}`)).toEqual([nameOf('a')]);
  expect(await select(`metadata.name!=${nameOf('a')},metadata.namespace=default`)).toEqual([nameOf('b'), nameOf('c')]);
  expect(await select('metadata.namespace=elsewhere')).toEqual([]);
  const id = 'abcdef0123456789'.repeat(4);
  await admin.call('PATCH', `${connectors}/${nameOf('b')}/status`, {
    status: { connectionDetails: { type: 'PublicKey', publicKey: { id } } },
  });
  expect(await select(`status.connectionDetails.publicKey.id=${id}`)).toEqual([nameOf('b')]);
  expect(await select('status.connectionDetails.publicKey.id=')).toEqual([nameOf('a'), nameOf('c')]);
});

check('advertisements are found by their connector', async ({ as: { admin } }) => {
  const { path } = kinds.ConnectorAdvertisement;
  const connector = newName();
  const spec = { connectorRef: { name: connector } };
  const advertisement = { ...manifestOf('ConnectorAdvertisement', newName()), spec };
  await admin.call('POST', path, advertisement);
  await admin.call('POST', path, manifestOf('ConnectorAdvertisement', newName()));
  expect(namesOf(await list(admin, { fieldSelector: `spec.connectorRef.name=${connector}` }, path))).toEqual([
    advertisement.metadata.name,
  ]);
});

check('a list is in the order of names, says its kind, and has a version', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, { c: {}, a: {}, b: {} });
  const found = await list(admin, { labelSelector: `own=${own}` });
  expect(found).toMatchObject({ kind: 'ConnectorList', apiVersion: kinds.Connector.apiVersion });
  expect(namesOf(found)).toEqual(['a', 'b', 'c'].map(nameOf));
  expect(Number(found.metadata.resourceVersion)).toBeGreaterThan(0);
});

check('an empty list has items', async ({ as: { admin } }) => {
  expect((await list(admin, { labelSelector: `own=${newName()}` })).items).toEqual([]);
});

check('a list over all namespaces holds those of each', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, { a: {} });
  const namespace = newName('ns');
  await admin.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const elsewhere = connectors.replace('/default/', `/${namespace}/`);
  await admin.call('POST', elsewhere, manifestOf('Connector', nameOf('z'), { labels: { own } }));
  const everywhere = connectors.replace('/namespaces/default', '');
  const found = await list(admin, { labelSelector: `own=${own}` }, everywhere);
  expect([...namesOf(found)].toSorted()).toEqual([nameOf('a'), nameOf('z')]);
  expect(namesOf(await list(admin, { labelSelector: `own=${own}` }))).toEqual([nameOf('a')]);
});

const five = { a: {}, b: {}, c: {}, d: {}, e: {} };

check('pages are of one version, whatever happens between them', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, five);
  const query = { labelSelector: `own=${own}`, limit: '2' };
  const first = await list(admin, query);
  await admin.call('DELETE', `${connectors}/${nameOf('d')}`);
  await admin.call('POST', connectors, manifestOf('Connector', nameOf('f'), { labels: { own } }));
  const second = await list(admin, { ...query, continue: first.metadata.continue ?? '' });
  const third = await list(admin, { ...query, continue: second.metadata.continue ?? '' });
  expect([first, second, third].flatMap(namesOf)).toEqual(['a', 'b', 'c', 'd', 'e'].map(nameOf));
  expect(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
  expect(third.metadata.continue ?? '').toBe('');
});

check('a limit that is not reached needs no second page', async ({ as: { admin } }) => {
  const { own } = await makeGroup(admin, five);
  const found = await list(admin, { labelSelector: `own=${own}`, limit: '5' });
  expect(found.items).toHaveLength(5);
  expect(found.metadata.continue ?? '').toBe('');
});

check('how much remains is said where nothing is selected, and only there', async ({ as: { admin } }) => {
  const { own } = await makeGroup(admin, five);
  expect((await list(admin, { limit: '1' })).metadata.remainingItemCount).toBeGreaterThanOrEqual(4);
  const selected = await list(admin, { labelSelector: `own=${own}`, limit: '1' });
  expect(selected.metadata.remainingItemCount).toBeUndefined();
});

check('a continue token brings its own version', async ({ as: { admin } }) => {
  const { own } = await makeGroup(admin, five);
  const first = await list(admin, { labelSelector: `own=${own}`, limit: '1' });
  const { continue: token = '', resourceVersion } = first.metadata;
  const query = new URLSearchParams({ limit: '1', continue: token, resourceVersion });
  expect((await admin.call('GET', `${connectors}?${query}`)).status).toBe(400);
});

check('a list of exactly an earlier version shows what was there then', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, { a: {}, b: {} });
  const { resourceVersion } = (await list(admin, { labelSelector: `own=${own}` })).metadata;
  await admin.call('DELETE', `${connectors}/${nameOf('a')}`);
  const then = await list(admin, { labelSelector: `own=${own}`, resourceVersion, resourceVersionMatch: 'Exact' });
  expect(namesOf(then)).toEqual([nameOf('a'), nameOf('b')]);
  expect(then.metadata.resourceVersion).toBe(resourceVersion);
  const since = await list(admin, {
    labelSelector: `own=${own}`,
    resourceVersion,
    resourceVersionMatch: 'NotOlderThan',
  });
  expect(namesOf(since)).toEqual([nameOf('b')]);
});

check('deleting a collection deletes what is selected, and nothing else', async ({ as: { admin } }) => {
  const { own, nameOf } = await makeGroup(admin, labelled);
  const query = new URLSearchParams({ labelSelector: `own=${own},tier` });
  const deleted: ApiAnswer = await admin.call('DELETE', `${connectors}?${query}`);
  expect(deleted).toMatchObject({ status: 200, body: { kind: 'ConnectorList' } });
  expect(namesOf(await list(admin, { labelSelector: `own=${own}` }))).toEqual([nameOf('c')]);
});
