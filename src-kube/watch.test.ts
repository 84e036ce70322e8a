import type { ServerResponse } from 'node:http';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Connector } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient, type KubeClient, type WatchEvent } from './client.ts';
import {
  kubeConfigFor,
  sendJson,
  sendWatch,
  startScriptedApiServer,
  type ScriptedApiServer,
} from './testing/scripted-api-server.ts';

let server: ScriptedApiServer;
let client: KubeClient;
let ending: AbortController;
let events: WatchEvent<Connector>[];
let opened: number;

beforeEach(async () => {
  server = await startScriptedApiServer();
  client = createKubeClient(kubeConfigFor(server), { callTimeoutMs: 500 });
  ending = new AbortController();
  events = [];
  opened = 0;
});

afterEach(async () => {
  client.close();
  await server.close();
});

const watch = (): Promise<void> =>
  client.resource(kinds.connector).watch({
    resourceVersion: '7',
    namespace: 'default',
    labelSelector: 'a=b',
    timeoutSeconds: 42,
    signal: ending.signal,
    onOpen: () => (opened += 1),
    onEvent: (event) => events.push(event),
  });

const added = (name: string) => ({ type: 'ADDED', object: { metadata: { name, resourceVersion: '8' } } });

const onWatch = (answer: (response: ServerResponse) => void): void =>
  server.answer((_request, response) => answer(response));

test('asks for what it was told to', async () => {
  onWatch((response) => response.end());
  await watch();
  expect(server.requests[0]).toMatchObject({
    path: '/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors',
    query: {
      watch: 'true',
      resourceVersion: '7',
      labelSelector: 'a=b',
      timeoutSeconds: '42',
      allowWatchBookmarks: 'true',
    },
  });
});

test('puts events together however they are cut, and resolves when the server ends it', async () => {
  onWatch((response) => {
    const bytes = Buffer.from(`${JSON.stringify(added('näme'))}\n\n${JSON.stringify(added('b'))}\n`);
    response.writeHead(200);
    const sendFrom = (offset: number): void => {
      if (offset === bytes.length) response.end();
      else response.write(bytes.subarray(offset, offset + 1), () => setImmediate(sendFrom, offset + 1));
    };
    sendFrom(0);
  });
  await watch();
  expect(events.map(({ object }) => object.metadata.name)).toEqual(['näme', 'b']);
});

test('outlives the time-out of calls, and says when it was accepted', async () => {
  let response: ServerResponse | undefined;
  onWatch((accepted) => {
    response = accepted;
    sendWatch(accepted);
  });
  const watching = watch();
  await vi.waitFor(() => expect(opened).toBe(1));
  // Another call with the same time-out is over: had it bound the watch, that would have ended first.
  server.answer(() => {});
  await expect(client.resource(kinds.connector).get({ namespace: 'default', name: 'x' })).rejects.toMatchObject({
    reason: 'TimedOut',
  });
  response?.end(`${JSON.stringify(added('late'))}\n`);
  await watching;
  expect(events).toHaveLength(1);
});

test('that is never accepted times out', async () => {
  server.answer(() => {});
  await expect(watch()).rejects.toMatchObject({ status: 0, reason: 'TimedOut' });
  expect(opened).toBe(0);
});

test('resolves when it is aborted, open or not, and gives its connection up', async () => {
  onWatch((response) => sendWatch(response, added('a')));
  const watching = watch();
  await vi.waitFor(() => expect(events).toHaveLength(1));
  ending.abort();
  await watching;
  await watch();
  await vi.waitFor(() => expect(server.open).toBe(0));
});

test('rejects with the status that refuses it', async () => {
  onWatch((response) => sendJson(response, 410, { reason: 'Expired', code: 410 }));
  await expect(watch()).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  expect(opened).toBe(0);
});

test('rejects with the Status of an ERROR event, after what came before', async () => {
  onWatch((response) =>
    sendWatch(response, added('a'), { type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } }),
  );
  await expect(watch()).rejects.toMatchObject({ status: 410, reason: 'Expired', message: 'too old' });
  expect(events).toHaveLength(1);
});

test('rejects when it ends in the middle of an event', async () => {
  onWatch((response) => {
    sendWatch(response, added('a'));
    response.end('{"type":"ADDED","obj');
  });
  await expect(watch()).rejects.toMatchObject({ status: 0, reason: 'BrokenWatch' });
  expect(events).toHaveLength(1);
});

test('rejects when the connection is reset', async () => {
  onWatch((response) => {
    sendWatch(response, added('a'));
    response.write('{"type":"ADDED","obj');
  });
  const watching = watch();
  await Promise.all([
    expect(watching).rejects.toMatchObject({ status: 0, reason: 'ECONNRESET' }),
    vi.waitFor(() => expect(events).toHaveLength(1)).then(() => server.reset()),
  ]);
});
