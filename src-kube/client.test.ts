import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Connector } from '#contract/resources/generated.ts';
import { kinds, sallyportClass } from '#contract/resources/kinds.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type KubeClient, type ResourceClient } from './client.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { kubeConfigFor, sendJson, startScriptedApiServer } from './testing/scripted-api-server.ts';

let controlPlane: TestControlPlane;
let client: KubeClient;
let connectors: ResourceClient<Connector>;
let serial = 0;
/** A name that no other test has. */
let name: string;

const clientOf = async (role: Parameters<TestControlPlane['kubeconfigFile']>[0]): Promise<KubeClient> =>
  createKubeClient((await readKubeconfig(await controlPlane.kubeconfigFile(role))).use(role));

beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  client = await clientOf('admin');
  connectors = client.resource(kinds.connector);
});

afterAll(async () => {
  client.close();
  await controlPlane.close();
});

beforeEach(() => {
  serial += 1;
  name = `laptop-${serial}`;
});

const connector = (metadata: Connector['metadata']): Connector => ({
  apiVersion: 'networking.datumapis.com/v1alpha1',
  kind: 'Connector',
  metadata: { namespace: 'default', ...metadata },
  spec: { connectorClassName: sallyportClass.name },
});

const keyOfTest = (): { readonly namespace: string; readonly name: string } => ({ namespace: 'default', name });

test('knows the server it talks to', () => {
  expect(client.server).toBe(controlPlane.server);
});

describe('get', () => {
  test('is null for what is not there, and the object for what is', async () => {
    await expect(connectors.get(keyOfTest())).resolves.toBeNull();
    const created = await connectors.create(connector({ name }));
    await expect(connectors.get(keyOfTest())).resolves.toEqual(created);
  });

  test('reaches cluster-scoped kinds without a namespace', async () => {
    const classes = client.resource(kinds.connectorClass);
    await classes.create({
      apiVersion: 'networking.datumapis.com/v1alpha1',
      kind: 'ConnectorClass',
      metadata: { name },
      spec: { controllerName: sallyportClass.controllerName },
    });
    await expect(classes.get({ namespace: null, name })).resolves.toMatchObject({ metadata: { name } });
  });
});

describe('create', () => {
  test('lets the server choose a name', async () => {
    const created = await connectors.create(connector({ generateName: 'generated-' }));
    expect(created.metadata.name).toMatch(/^generated-.+/);
  });

  test('of what exists is 409 AlreadyExists', async () => {
    await connectors.create(connector({ name }));
    await expect(connectors.create(connector({ name }))).rejects.toMatchObject({
      status: 409,
      reason: 'AlreadyExists',
    });
  });

  test('of what does not fit the schema is 422', async () => {
    const wrong = { ...connector({ name }), spec: {} } as Connector;
    await expect(connectors.create(wrong)).rejects.toMatchObject({ status: 422, reason: 'Invalid' });
  });
});

describe('replace', () => {
  test('of a version that is not the present one is 409 Conflict', async () => {
    const first = await connectors.create(connector({ name }));
    await connectors.patch(keyOfTest(), { metadata: { labels: { a: 'b' } } });
    await expect(connectors.replace(first)).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
  });
});

describe('patch', () => {
  test('merges: null removes, what is not named stays', async () => {
    await connectors.create(connector({ name, labels: { stays: 'x', goes: 'y' } }));
    const patched = await connectors.patch(keyOfTest(), { metadata: { labels: { goes: null, comes: 'z' } } });
    expect(patched.metadata.labels).toEqual({ stays: 'x', comes: 'z' });
  });

  test('with a version that is not the present one is 409', async () => {
    const { metadata } = await connectors.create(connector({ name }));
    await connectors.patch(keyOfTest(), { metadata: { labels: { a: 'b' } } });
    await expect(
      connectors.patch(keyOfTest(), { metadata: { resourceVersion: metadata.resourceVersion, labels: { a: 'c' } } }),
    ).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
  });

  test('of the status changes nothing but the status, and the other way round', async () => {
    await connectors.create(connector({ name }));
    const status = { connectionDetails: { type: 'Hostname', hostname: { name: 'a.example', port: 1 } } };
    const patched = await connectors.patchStatus(keyOfTest(), { spec: { connectorClassName: 'other' }, status });
    expect(patched).toMatchObject({ spec: { connectorClassName: sallyportClass.name }, status });
    await connectors.patch(keyOfTest(), { status: { connectionDetails: null } });
    await expect(connectors.get(keyOfTest())).resolves.toMatchObject({ status });
  });

  test('of what is not there is 404', async () => {
    await expect(connectors.patch(keyOfTest(), {})).rejects.toMatchObject({ status: 404, reason: 'NotFound' });
  });
});

describe('delete', () => {
  test('of what is gone is a success', async () => {
    await connectors.create(connector({ name }));
    await connectors.delete(keyOfTest());
    await connectors.delete(keyOfTest());
    await expect(connectors.get(keyOfTest())).resolves.toBeNull();
  });

  test('with a uid spares another object of the same name', async () => {
    const first = await connectors.create(connector({ name }));
    await connectors.delete(keyOfTest());
    await connectors.create(connector({ name }));
    const { uid = '' } = first.metadata;
    await expect(connectors.delete(keyOfTest(), { uid })).rejects.toMatchObject({ status: 409 });
    await expect(connectors.get(keyOfTest())).resolves.not.toBeNull();
  });
});

describe('list', () => {
  test('selects by namespace and labels, and names apiVersion and kind of each object', async () => {
    await connectors.create(connector({ name, labels: { list: 'mine' } }));
    await connectors.create(connector({ name: `${name}-other` }));
    const { items, resourceVersion } = await connectors.list({ namespace: 'default', labelSelector: 'list=mine' });
    expect(items).toMatchObject([
      { apiVersion: 'networking.datumapis.com/v1alpha1', kind: 'Connector', metadata: { name } },
    ]);
    expect(resourceVersion).not.toBe('');
    await expect(connectors.list({ namespace: 'elsewhere' })).resolves.toMatchObject({ items: [] });
  });

  const paged = async (
    answer: (token: string | undefined, round: number) => { readonly status: number; readonly body: unknown },
  ) => {
    const server = await startScriptedApiServer();
    server.answer(({ query }, response) => {
      const { status, body } = answer(query['continue'], server.requests.length);
      sendJson(response, status, body);
    });
    const pagedClient = createKubeClient(kubeConfigFor(server));
    try {
      const { items, resourceVersion } = await pagedClient.resource(kinds.connector).list();
      return { names: items.map(({ metadata }) => metadata.name), resourceVersion };
    } finally {
      pagedClient.close();
      await server.close();
    }
  };

  const page = (item: string, next: string) => ({
    status: 200,
    body: { metadata: { resourceVersion: '9', continue: next }, items: [{ metadata: { name: item } }] },
  });

  test('follows pages to the end', async () => {
    await expect(
      paged((token) =>
        token === undefined ? page('a', 'more') : token === 'more' ? page('b', 'last') : page('c', ''),
      ),
    ).resolves.toEqual({ names: ['a', 'b', 'c'], resourceVersion: '9' });
  });

  test('begins anew, without duplicates, when a page has expired', async () => {
    await expect(
      paged((token, round) => {
        if (token === undefined) return page('a', 'more');
        return round === 2 ? { status: 410, body: { reason: 'Expired' } } : page('b', '');
      }),
    ).resolves.toEqual({ names: ['a', 'b'], resourceVersion: '9' });
  });

  test('does not begin anew for ever', async () => {
    await expect(
      paged((token) => (token === undefined ? page('a', 'more') : { status: 410, body: { reason: 'Expired' } })),
    ).rejects.toMatchObject({ status: 410 });
  });
});

describe('without the right to', () => {
  test('a call is 403', async () => {
    const edge = await clientOf('edge');
    await expect(edge.resource(kinds.connector).create(connector({ name }))).rejects.toMatchObject({
      status: 403,
      reason: 'Forbidden',
    });
    edge.close();
  });

  test('a call with an unknown token is 401', async () => {
    const port = Number(new URL(controlPlane.server).port);
    const stranger = createKubeClient(kubeConfigFor({ port, cert: controlPlane.cert }));
    await expect(stranger.resource(kinds.connector).list()).rejects.toMatchObject({
      status: 401,
      reason: 'Unauthorized',
    });
    stranger.close();
  });
});
