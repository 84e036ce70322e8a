/**
 * Watches over HTTPS: order, resumption, selectors, ends, and watchers that do not follow.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createTestClient, type Reply, type TestClient, type TestWatch } from '../test-client.ts';
import { startTestControlPlane, type TestControlPlane } from '../test-control-plane.ts';

let controlPlane: TestControlPlane;
let client: TestClient;
beforeAll(async () => {
  controlPlane = await startTestControlPlane({
    limits: { history: { maxEvents: 20, maxBytes: 64 << 20 }, maxWaitingBytes: 1 << 20, maxWatches: 8 },
  });
  client = createTestClient(controlPlane);
});
afterAll(async () => {
  client.close();
  await controlPlane.close();
});

const connectors = '/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors';
const merge = 'application/merge-patch+json';
let counter = 0;
let name = '';
beforeEach(async () => {
  counter += 1;
  name = `w${counter}`;
  await client.send('DELETE', connectors);
});

const create = (metadata: object = {}): Promise<Reply> =>
  client.send('POST', connectors, { body: { metadata: { name, ...metadata }, spec: { connectorClassName: 'x' } } });
const label = (labels: object): Promise<Reply> =>
  client.send('PATCH', `${connectors}/${name}`, { body: { metadata: { labels } }, type: merge });
const version = async (): Promise<string> =>
  (await client.send('GET', connectors)).body.metadata.resourceVersion as string;
const shown = (watch: TestWatch): string[] =>
  watch.lines.map(({ type, object }) => `${type} ${String(object.metadata?.name ?? object.reason ?? '')}`);

describe('watch', () => {
  test('shows what there is first, then what happens', async () => {
    await create();
    const watch = await client.watch(`${connectors}?watch=true`);
    await label({ a: 'b' });
    await client.send('DELETE', `${connectors}/${name}`);
    await expect.poll(() => shown(watch)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
    const versions = watch.lines.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((left, right) => left - right));
    expect(new Set(versions).size).toBe(3);
    watch.close();
  });

  test('resumes after a version without loss or repetition, also across a restart', async () => {
    const from = await version();
    await create();
    await label({ a: 'b' });
    for (const restart of [false, true]) {
      if (restart) await controlPlane.restart();
      const watch = await client.watch(`${connectors}?watch=1&resourceVersion=${from}`);
      await expect.poll(() => shown(watch)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`]);
      watch.close();
    }
  });

  test('sees changes through its selector', async () => {
    const watch = await client.watch(
      `${connectors}?watch=true&labelSelector=team%3Da&resourceVersion=${await version()}`,
    );
    await create();
    await label({ team: 'a' });
    await label({ team: 'a', other: 'x' });
    const left = await label({ team: 'b' });
    await label({ team: 'c' });
    await label({ team: 'a' });
    await client.send('DELETE', `${connectors}/${name}`);
    const types = ['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED'];
    await expect.poll(() => watch.lines.map(({ type }) => type)).toEqual(types);
    expect(watch.lines[2]?.object.metadata.labels.team).toBe('a');
    expect(watch.lines[2]?.object.metadata.resourceVersion).toBe(left.body.metadata.resourceVersion);
    watch.close();
  });

  test('keeps to its namespace', async () => {
    await client.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'aside' } } });
    const watch = await client.watch(`${connectors.replace('default', 'aside')}?watch=true`);
    await create();
    await client.send('POST', connectors.replace('default', 'aside'), {
      body: { metadata: { name: 'there' }, spec: { connectorClassName: 'x' } },
    });
    await expect.poll(() => shown(watch)).toEqual(['ADDED there']);
    watch.close();
  });

  test.each(['forgotten', 'future'])('answers 410 as an ERROR event to a version that is %s', async (kind) => {
    const first = await version();
    await create();
    for (let index = 0; index < 30; index += 1) await label({ index: String(index) });
    const from = kind === 'forgotten' ? first : '99999999';
    const watch = await client.watch(`${connectors}?watch=true&resourceVersion=${from}`);
    await expect.poll(() => watch.ended).toBe(true);
    expect(watch.lines).toEqual([{ type: 'ERROR', object: expect.objectContaining({ code: 410, reason: 'Expired' }) }]);
  });

  test('ends after timeoutSeconds with a bookmark to resume from', async () => {
    await create();
    const from = await version();
    const watch = await client.watch(
      `${connectors}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=${from}`,
    );
    await expect.poll(() => watch.ended, { timeout: 5000 }).toBe(true);
    expect(watch.lines).toEqual([
      {
        type: 'BOOKMARK',
        object: expect.objectContaining({
          kind: 'Connector',
          metadata: expect.objectContaining({ resourceVersion: from }),
        }),
      },
    ]);
  });

  test('marks the end of the initial events where asked', async () => {
    await create();
    const watch = await client.watch(
      `${connectors}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    await expect.poll(() => watch.lines.length).toBe(2);
    expect(watch.lines[1]).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    watch.close();
  });

  test('cuts a watcher that does not follow, and only that one', async () => {
    const slow = await client.watch(`${connectors}?watch=true`);
    const other = await client.watch(`${connectors}?watch=true`);
    slow.pause();
    await create();
    const note = 'x'.repeat(200_000);
    // More than the socket buffers of both ends and the server's limit together take.
    const writes = 100;
    for (let index = 0; index < writes; index += 1) {
      await client.send('PATCH', `${connectors}/${name}`, {
        body: { metadata: { annotations: { note: `${index}${note}` } } },
        type: merge,
      });
    }
    slow.resume();
    await expect.poll(() => slow.ended).toBe(true);
    expect(slow.lines.length).toBeLessThan(writes);
    await expect.poll(() => other.lines.length).toBe(writes + 1);
    expect(other.ended).toBe(false);
    other.close();
  });

  test('bounds the number of watches', async () => {
    const watches: TestWatch[] = [];
    for (let index = 0; index < 8; index += 1) watches.push(await client.watch(`${connectors}?watch=true`));
    expect(await client.send('GET', `${connectors}?watch=true`)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
    });
    for (const watch of watches) watch.close();
    const again = async (): Promise<string> => {
      const watch = await client.watch(`${connectors}?watch=true&timeoutSeconds=1`);
      const opened = watch.lines.length === 0 ? 'opened' : '';
      watch.close();
      return opened;
    };
    await expect.poll(again).toBe('opened');
  });
});
