import type { ServerResponse } from 'node:http';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { createLogger, silentLogger, type Logger } from '#base/logger.ts';
import { createManualClock } from '#base/manual-clock.ts';
import { kinds, sallyportClass } from '#contract/resources/kinds.ts';
import type { Connector } from '#contract/resources/generated.ts';
import { startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, type KubeClient, type ResourceClient } from './client.ts';
import { createInformer, type Informer, type InformerTiming } from './informer.ts';
import {
  kubeConfigFor,
  sendJson,
  sendWatch,
  startRelay,
  startScriptedApiServer,
  type Relay,
  type ScriptedApiServer,
} from './testing/scripted-api-server.ts';

const connector = (name: string): Connector => ({
  apiVersion: 'networking.datumapis.com/v1alpha1',
  kind: 'Connector',
  metadata: { name, namespace: 'default' },
  spec: { connectorClassName: sallyportClass.name },
});

const keyOfName = (name: string) => ({ namespace: 'default', name });

const namesIn = (informer: Informer<Connector>): string[] =>
  informer
    .list()
    .map(({ metadata }) => metadata.name ?? '')
    .toSorted();

describe('against a real control plane, over a connection that breaks', () => {
  let controlPlane: TestControlPlane;
  let relay: Relay;
  let direct: KubeClient;
  let relayed: KubeClient;
  let connectors: ResourceClient<Connector>;
  let informer: Informer<Connector>;
  let seen: string[];

  const start = async (options: Parameters<typeof startTestControlPlane>[0] = {}): Promise<void> => {
    controlPlane = await startTestControlPlane(options);
    const port = Number(new URL(controlPlane.server).port);
    relay = await startRelay(port);
    const clientOn = (to: number): KubeClient => {
      const kubeConfig = kubeConfigFor({ port: to, cert: controlPlane.cert });
      kubeConfig.users = [{ name: 'tester', token: controlPlane.token('admin') }];
      return createKubeClient(kubeConfig);
    };
    direct = clientOn(port);
    relayed = clientOn(relay.port);
    connectors = direct.resource(kinds.connector);
    informer = createInformer({
      resource: relayed.resource(kinds.connector),
      list: { namespace: 'default' },
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
      timing: { firstRetryMs: 50, maxRetryMs: 100 },
    });
    seen = [];
    informer.onChange((object, change) => seen.push(`${change} ${object.metadata.name}`));
  };

  afterEach(async () => {
    await informer.stop();
    relayed.close();
    direct.close();
    await relay.close();
    await controlPlane.close();
  });

  test('the copy follows creation, change and deletion', async () => {
    await start();
    await connectors.create(connector('first'));
    informer.start();
    await informer.synced();
    expect(namesIn(informer)).toEqual(['first']);

    await connectors.create(connector('second'));
    await connectors.patch(keyOfName('second'), { metadata: { labels: { a: 'b' } } });
    await connectors.delete(keyOfName('first'));
    await vi.waitFor(() => expect(seen).toEqual(['added first', 'added second', 'modified second', 'deleted first']));
    expect(informer.get(keyOfName('second'))?.metadata.labels).toEqual({ a: 'b' });
    expect(informer.get(keyOfName('first'))).toBeUndefined();
  });

  test('each change is seen exactly once, though the watch is cut again and again', async () => {
    await start();
    informer.start();
    await informer.synced();
    const expected: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      await connectors.create(connector(`c${index}`));
      if (index % 3 === 0) relay.cut();
      if (index % 5 === 0) await connectors.delete(keyOfName(`c${index}`));
      expected.push(`added c${index}`, ...(index % 5 === 0 ? [`deleted c${index}`] : []));
    }
    await vi.waitFor(() => expect(seen).toEqual(expected), { timeout: 10_000 });
  });

  test('when the history has gone on too far meanwhile, a list makes up for it, deletions included', async () => {
    await start({ limits: { history: { maxEvents: 5, maxBytes: 1 << 20 } } });
    for (const name of ['stays', 'goes', 'is-replaced']) await connectors.create(connector(name));
    informer.start();
    await informer.synced();
    await vi.waitFor(() => expect(informer.health.connected).toBe(true));
    seen.length = 0;

    relay.block();
    await connectors.delete(keyOfName('goes'));
    await connectors.delete(keyOfName('is-replaced'));
    const replacement = await connectors.create(connector('is-replaced'));
    for (let index = 0; index < 10; index += 1) {
      await connectors.patch(keyOfName('stays'), { metadata: { labels: { round: String(index) } } });
    }
    await vi.waitFor(() => expect(informer.health.connected).toBe(false));
    expect(namesIn(informer)).toEqual(['goes', 'is-replaced', 'stays']);
    relay.mend();

    await vi.waitFor(() => expect(namesIn(informer)).toEqual(['is-replaced', 'stays']), { timeout: 10_000 });
    expect(seen.toSorted()).toEqual(['added is-replaced', 'deleted goes', 'deleted is-replaced', 'modified stays']);
    expect(informer.get(keyOfName('is-replaced'))?.metadata.uid).toBe(replacement.metadata.uid);
    expect(informer.get(keyOfName('stays'))?.metadata.labels).toEqual({ round: '9' });
  });

  test('what happened while the server was away is seen after it is back', async () => {
    await start();
    await connectors.create(connector('stays'));
    await connectors.create(connector('goes'));
    informer.start();
    await informer.synced();
    await controlPlane.restart();
    await vi.waitFor(() => connectors.delete(keyOfName('goes')), { timeout: 5000 });
    await connectors.create(connector('comes'));
    await vi.waitFor(() => expect(namesIn(informer)).toEqual(['comes', 'stays']), { timeout: 5000 });
  });
});

describe('against a server that misbehaves', () => {
  let server: ScriptedApiServer;
  let client: KubeClient;
  let informer: Informer<Connector>;
  let lists: number;
  let watches: { readonly resourceVersion: string; readonly response: ServerResponse }[];
  let onList: (response: ServerResponse) => void;
  let onWatch: (response: ServerResponse) => void;

  const object = (name: string, resourceVersion: string, uid = `uid-of-${name}`) => ({
    metadata: { namespace: 'default', name, uid, resourceVersion },
  });
  const sendList = (response: ServerResponse, ...items: readonly unknown[]): void =>
    sendJson(response, 200, { metadata: { resourceVersion: '100' }, items });

  beforeEach(async () => {
    server = await startScriptedApiServer();
    client = createKubeClient(kubeConfigFor(server));
    lists = 0;
    watches = [];
    onList = (response) => sendList(response, object('a', '1'), object('b', '2'));
    onWatch = (response) => sendWatch(response);
    server.answer(({ query }, response) => {
      if (query['watch'] === 'true') {
        watches.push({ resourceVersion: query['resourceVersion'] ?? '', response });
        onWatch(response);
      } else {
        lists += 1;
        onList(response);
      }
    });
  });

  afterEach(async () => {
    await informer.stop();
    client.close();
    await server.close();
  });

  const create = (options: { clock?: Clock; log?: Logger; timing?: Partial<InformerTiming> } = {}): void => {
    informer = createInformer({
      resource: client.resource(kinds.connector),
      clock: options.clock ?? systemClock,
      random: () => 0,
      log: options.log ?? silentLogger,
      timing: { ...options.timing },
    });
  };

  test('goes on from the last version it saw, a bookmark’s too, without another list', async () => {
    onWatch = (response) => {
      if (watches.length === 1) {
        sendWatch(response, { type: 'ADDED', object: object('c', '101') });
        response.end(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '150' } } })}\n`);
      } else sendWatch(response);
    };
    create();
    informer.start();
    await vi.waitFor(() => expect(watches).toHaveLength(2));
    expect(watches.map(({ resourceVersion }) => resourceVersion)).toEqual(['100', '150']);
    expect(lists).toBe(1);
    expect(namesIn(informer)).toEqual(['a', 'b', 'c']);
  });

  test('does not lose an event that was cut: it goes on from the one before', async () => {
    onWatch = (response) => {
      if (watches.length > 1) {
        sendWatch(response, { type: 'ADDED', object: object('d', '102') });
        return;
      }
      sendWatch(response, { type: 'ADDED', object: object('c', '101') });
      response.end('{"type":"ADDED","object":{"metadata":{"name":"d"');
    };
    create();
    informer.start();
    await vi.waitFor(() => expect(namesIn(informer)).toEqual(['a', 'b', 'c', 'd']));
    expect(watches.map(({ resourceVersion }) => resourceVersion)).toEqual(['100', '101']);
  });

  test.each([
    ['as a status', 410, (response: ServerResponse) => sendJson(response, 410, { reason: 'Expired' })],
    [
      'as an event',
      410,
      (response: ServerResponse) => sendWatch(response, { type: 'ERROR', object: { code: 410, reason: 'Expired' } }),
    ],
    ['as a version it cannot read', 400, (response: ServerResponse) => sendJson(response, 400, {})],
    ['as a version it does not have yet', 504, (response: ServerResponse) => sendJson(response, 504, {})],
  ])('lists again, and finds what was deleted, when the version is refused %s', async (_name, _status, refuse) => {
    onWatch = (response) => {
      if (watches.length > 1) sendWatch(response);
      else refuse(response);
    };
    onList = (response) => {
      if (lists === 1) sendList(response, object('a', '1'), object('b', '2'));
      else sendList(response, object('b', '3'), object('c', '4'));
    };
    create();
    const seen: string[] = [];
    informer.onChange(({ metadata }, change) => seen.push(`${change} ${metadata.name}`));
    informer.start();
    await vi.waitFor(() => expect(watches).toHaveLength(2));
    expect(lists).toBe(2);
    expect(seen).toEqual(['added a', 'added b', 'deleted a', 'modified b', 'added c']);
  });

  test.each([401, 403, 429, 500, 503])('does not list again because of %i', async (status) => {
    onWatch = (response) => {
      if (watches.length > 1) sendWatch(response);
      else sendJson(response, status, {});
    };
    create();
    informer.start();
    await vi.waitFor(() => expect(watches).toHaveLength(2));
    expect(lists).toBe(1);
  });

  test('notices that a watch is silent: it opens another from where it was', async () => {
    const clock = createManualClock();
    create({ clock, timing: { watchMs: 60_000, graceMs: 10_000 } });
    informer.start();
    await vi.waitFor(() => expect(informer.health.connected).toBe(true));
    expect(server.requests.at(-1)?.query['timeoutSeconds']).toBe('60');
    clock.advance(69_999);
    // A round trip later, nothing has happened.
    await client.resource(kinds.connector).list();
    expect(watches).toHaveLength(1);
    clock.advance(1);
    await vi.waitFor(() => expect(watches).toHaveLength(2));
    expect(watches[1]?.resourceVersion).toBe('100');
    expect(watches[0]?.response.destroyed).toBe(true);
    expect(informer.health.connected).toBe(true);
  });

  test('does not hammer a server that ends watches at once', async () => {
    const clock = createManualClock();
    onWatch = (response) => response.end();
    create({ clock });
    informer.start();
    let pauses = 0;
    await vi.waitFor(
      () => {
        clock.advance(50);
        pauses += 1;
        expect(watches.length).toBeGreaterThan(3);
      },
      { timeout: 10_000 },
    );
    // One at the start, and one after each pause at most.
    expect(watches.length).toBeLessThanOrEqual(pauses + 1);
  });

  test('waits as long as the server asks', async () => {
    const clock = createManualClock();
    onList = (response) => sendJson(response, 429, {}, { 'retry-after': '7' });
    create({ clock });
    informer.start();
    await vi.waitFor(() => expect(informer.health.error?.status).toBe(429));
    expect(clock.pending).toBe(1);
    clock.advance(6999);
    expect(clock.pending).toBe(1);
    onList = (response) => sendList(response);
    clock.advance(1);
    await informer.synced();
    expect(lists).toBe(2);
  });

  test('keeps what it knows while the server is away, and says so once, however often it tries', async () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', sink: (line) => lines.push(line), now: () => 0 });
    create({ log, timing: { firstRetryMs: 50, maxRetryMs: 50 } });
    const healths: boolean[] = [];
    informer.onHealth(({ connected }) => healths.push(connected));
    informer.start();
    await vi.waitFor(() => expect(informer.health).toEqual({ connected: true, error: null }));

    let attempts = 0;
    onWatch = (response) => {
      attempts += 1;
      sendJson(response, 503, {});
    };
    server.reset();
    await vi.waitFor(() => expect(attempts).toBeGreaterThan(4));
    expect(informer.health).toMatchObject({ connected: false, error: { status: 503 } });
    expect(namesIn(informer)).toEqual(['a', 'b']);

    onWatch = (response) => sendWatch(response);
    await vi.waitFor(() => expect(informer.health).toEqual({ connected: true, error: null }));
    // The reset, then the refusals: two pieces of news.
    expect(healths).toEqual([true, false, false, true]);
    expect(lines).toHaveLength(2);
  });

  test('a listener that throws costs neither the others nor the watch anything', async () => {
    const lines: string[] = [];
    create({ log: createLogger({ level: 'error', sink: (line) => lines.push(line), now: () => 0 }) });
    const seen: string[] = [];
    informer.onChange(() => {
      throw new Error('a bug');
    });
    informer.onChange(({ metadata }) => seen.push(metadata.name ?? ''));
    informer.start();
    await vi.waitFor(() => expect(watches).toHaveLength(1));
    watches[0]?.response.write(`${JSON.stringify({ type: 'ADDED', object: object('c', '101') })}\n`);
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b', 'c']));
    expect(informer.health.connected).toBe(true);
    expect(watches).toHaveLength(1);
    expect(lines).toHaveLength(3);
  });

  describe('stop', () => {
    /** What lasts until somebody closes it. Timers of the informer are the clock's, all others the test's own. */
    const activeResources = (): readonly string[] =>
      process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'Timeout' && name !== 'Immediate')
        .toSorted();

    test('leaves no connection, no timer, no handle', async () => {
      const clock = createManualClock();
      const before = activeResources();
      create({ clock });
      informer.start();
      await vi.waitFor(() => expect(informer.health.connected).toBe(true));
      expect(activeResources()).not.toEqual(before);
      await informer.stop();
      expect(clock.pending).toBe(0);
      await vi.waitFor(() => expect(watches[0]?.response.destroyed).toBe(true));
      client.close();
      await vi.waitFor(() => expect(server.open).toBe(0));
      await vi.waitFor(() => expect(activeResources()).toEqual(before));
      expect(namesIn(informer)).toEqual(['a', 'b']);
    });

    test('does not wait for a list that hangs, and frees whoever waits for it', async () => {
      onList = () => {};
      create();
      informer.start();
      const synced = informer.synced();
      await vi.waitFor(() => expect(lists).toBe(1));
      await informer.stop();
      await synced;
      expect(informer.hasSynced).toBe(false);
      await informer.synced();
    });

    test('ends a back-off', async () => {
      const clock = createManualClock();
      onList = (response) => sendJson(response, 500, {});
      create({ clock });
      informer.start();
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      await informer.stop();
      expect(clock.pending).toBe(0);
    });

    test('waiting for the first list can be given up', async () => {
      onList = () => {};
      create();
      informer.start();
      const givingUp = new AbortController();
      const synced = informer.synced(givingUp.signal);
      givingUp.abort();
      await synced;
      await informer.synced(AbortSignal.abort());
      expect(informer.hasSynced).toBe(false);
    });
  });
});
