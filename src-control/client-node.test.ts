/**
 * @kubernetes/client-node, which the agent, the operator and the edge use, against the control plane.
 */
import {
  ApiException,
  CoordinationV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
  type KubernetesObject,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Connector } from '#contract/resources/generated.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';

let controlPlane: TestControlPlane;
let config: KubeConfig;
let objects: CustomObjectsApi;

const where = {
  group: 'networking.datumapis.com',
  version: 'v1alpha1',
  namespace: 'default',
  plural: 'connectors',
} as const;
const body = (name: string): object => ({
  apiVersion: 'networking.datumapis.com/v1alpha1',
  kind: 'Connector',
  metadata: { name },
  spec: { connectorClassName: 'sallyport' },
});
const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  config = new KubeConfig();
  config.loadFromString(controlPlane.kubeconfig('admin'));
  objects = config.makeApiClient(CustomObjectsApi);
});
afterAll(() => controlPlane.close());

async function refusal(work: Promise<unknown>): Promise<{ readonly code: number; readonly reason: string }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const status = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as { reason: string };
    return { code: error.code, reason: status.reason };
  }
  throw new Error('was not refused');
}

describe('client-node', () => {
  test('creates, reads, replaces, patches, lists and deletes custom objects', async () => {
    const created = (await objects.createNamespacedCustomObject({ ...where, body: body('c1') })) as Connector;
    expect(created.metadata.generation).toBe(1);
    const replaced = (await objects.replaceNamespacedCustomObject({
      ...where,
      name: 'c1',
      body: { ...created, spec: { connectorClassName: 'other' } },
    })) as Connector;
    expect(replaced.metadata.generation).toBe(2);
    const stale = objects.replaceNamespacedCustomObject({ ...where, name: 'c1', body: created });
    expect(await refusal(stale)).toEqual({ code: 409, reason: 'Conflict' });
    const patch = { status: { leaseRef: { name: 'l' } } };
    const patched = await objects.patchNamespacedCustomObjectStatus({ ...where, name: 'c1', body: patch }, mergePatch);
    expect((patched as Connector).status?.leaseRef?.name).toBe('l');
    const again = objects.createNamespacedCustomObject({ ...where, body: body('c1') });
    expect(await refusal(again)).toEqual({ code: 409, reason: 'AlreadyExists' });
    const list = (await objects.listNamespacedCustomObject(where)) as { items: Connector[] };
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['c1']);
    await objects.deleteNamespacedCustomObject({ ...where, name: 'c1' });
    const gone = objects.getNamespacedCustomObject({ ...where, name: 'c1' });
    expect(await refusal(gone)).toEqual({ code: 404, reason: 'NotFound' });
  });

  test('watches from the version of a list', async () => {
    const list = (await objects.listNamespacedCustomObject(where)) as { metadata: { resourceVersion: string } };
    const seen: string[] = [];
    const watch = new Watch(config);
    const controller = await watch.watch(
      '/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors',
      { resourceVersion: list.metadata.resourceVersion, allowWatchBookmarks: true },
      (phase, object: Connector) => seen.push(`${phase} ${object.metadata.name ?? ''}`),
      () => {},
    );
    await objects.createNamespacedCustomObject({ ...where, body: body('w1') });
    await objects.deleteNamespacedCustomObject({ ...where, name: 'w1' });
    await expect.poll(() => seen).toEqual(['ADDED w1', 'DELETED w1']);
    controller.abort();
  });

  test('creates and renews Leases with MicroTime', async () => {
    const leases = config.makeApiClient(CoordinationV1Api);
    const lease = { metadata: { name: 'lease' }, spec: { holderIdentity: 'me', leaseDurationSeconds: 30 } };
    const created = await leases.createNamespacedLease({ namespace: 'default', body: lease });
    const renewed = await leases.replaceNamespacedLease({
      namespace: 'default',
      name: 'lease',
      body: { metadata: created.metadata ?? {}, spec: { ...lease.spec, renewTime: new V1MicroTime() } },
    });
    expect(String(renewed.spec?.renewTime)).toBeTruthy();
    const stale = leases.replaceNamespacedLease({ namespace: 'default', name: 'lease', body: created });
    expect(await refusal(stale)).toEqual({ code: 409, reason: 'Conflict' });
  });

  test('finds types by discovery', async () => {
    const api = KubernetesObjectApi.makeApiClient(config);
    const created: KubernetesObject = await api.create(body('discovered'));
    expect(created.metadata?.uid).toBeTruthy();
    await api.delete(created);
  });
});
