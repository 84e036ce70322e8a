import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { kinds, sallyportClass } from '#contract/resources/kinds.ts';
import type { Connector } from '#contract/resources/generated.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type ResourceClient } from './client.ts';
import { createInformer, type Informer } from './informer.ts';
import { readKubeconfig } from './kubeconfig.ts';

let controlPlane: TestControlPlane;
let connectors: ResourceClient<Connector>;
let informer: Informer<Connector>;

const connector = (name: string): Connector => ({
  apiVersion: 'networking.datumapis.com/v1alpha1',
  kind: 'Connector',
  metadata: { name, namespace: 'default' },
  spec: { connectorClassName: sallyportClass.name },
});

beforeEach(async () => {
  controlPlane = await startTestControlPlane();
  const kubeconfig = await readKubeconfig(await controlPlane.kubeconfigFile('admin'));
  connectors = createKubeClient(kubeconfig.use(kubeconfig.currentContext ?? '')).resource(kinds.connector);
  informer = createInformer({
    resource: connectors,
    list: { namespace: 'default' },
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
    timing: { firstRetryMs: 50, maxRetryMs: 200 },
  });
});

afterEach(async () => {
  await informer.stop();
  await controlPlane.close();
});

test('the copy follows creation, change and deletion', async () => {
  await connectors.create(connector('first'));
  const seen: string[] = [];
  informer.onChange((object, change) => seen.push(`${change} ${object.metadata.name}`));
  informer.start();
  await informer.synced();
  expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['first']);

  await connectors.create(connector('second'));
  await connectors.patch({ namespace: 'default', name: 'second' }, { metadata: { labels: { a: 'b' } } });
  await connectors.delete({ namespace: 'default', name: 'first' });
  await vi.waitFor(() => expect(seen).toEqual(['added first', 'added second', 'modified second', 'deleted first']));
  expect(informer.get({ namespace: 'default', name: 'second' })?.metadata.labels).toEqual({ a: 'b' });
});

test('what happened while the server was away is seen after it is back', async () => {
  await connectors.create(connector('stays'));
  await connectors.create(connector('goes'));
  informer.start();
  await informer.synced();
  await controlPlane.restart();
  await vi.waitFor(() => connectors.delete({ namespace: 'default', name: 'goes' }), { timeout: 5000 });
  await connectors.create(connector('comes'));
  await vi.waitFor(
    () =>
      expect(
        informer
          .list()
          .map(({ metadata }) => metadata.name ?? '')
          .toSorted(),
      ).toEqual(['comes', 'stays']),
    { timeout: 5000 },
  );
});
