import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';

import { createObservations, type Observations } from '../edge/observations.ts';
import { observationsPath, probeHeader, type Observation } from '../probe-wire.ts';
import { watchEdges } from './edge-watch.ts';

type Change = 'added' | 'modified' | 'deleted';
type TestEdge = { readonly edge: DRTPServer; readonly observations: Observations; readonly stop: () => Promise<void> };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The edge's side of the stream on a server of its own, as the visitors' listener would call it. */
async function startEdge(name: string): Promise<TestEdge> {
  const observations = createObservations(systemClock);
  const server = http.createServer((request, response) => {
    if (request.url === observationsPath && request.headers[probeHeader] === 'the-token') observations.watch(response);
    else response.writeHead(421).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  ends.push(stop);
  const { port } = server.address() as AddressInfo;
  const edge: DRTPServer = {
    apiVersion: 'datumapis.com/v1alpha',
    kind: 'DRTPServer',
    metadata: { name, namespace: 'default' },
    spec: { address: '127.0.0.1', ports: [{ name: 'http', port }], protocols: [], caBundle: 'x' },
  };
  return { edge, observations, stop };
}

function watch(known: readonly DRTPServer[]) {
  const seen: Observation[] = [];
  let gaps = 0;
  let tell: (edge: DRTPServer, change: Change) => void = () => {};
  const watching = watchEdges({
    edges: {
      list: () => known,
      onChange: (listener) => {
        tell = listener;
        return () => {};
      },
    },
    token: new Secret('the-token'),
    onObservation: (observation) => void seen.push(observation),
    onGap: () => {
      gaps += 1;
    },
    clock: systemClock,
    random: () => 0,
    log: silentLogger,
  });
  ends.push(() => watching.close());
  return { seen, gaps: () => gaps, tell: (edge: DRTPServer, change: Change) => tell(edge, change) };
}

const connector = (name: string) => ({ namespace: 'default', name });

test('hears what every edge sees, those that come later included', async () => {
  const [first, second] = [await startEdge('first'), await startEdge('second')];
  const { seen, gaps, tell } = watch([first.edge]);
  await expect.poll(gaps).toBe(1);
  tell(second.edge, 'added');
  await expect.poll(gaps).toBe(2);
  first.observations.connectorChanged(connector('a'));
  second.observations.connectorChanged(connector('b'));
  await expect.poll(() => seen.map(({ name }) => name).toSorted()).toEqual(['a', 'b']);

  tell(second.edge, 'deleted');
  second.observations.connectorChanged(connector('c'));
  first.observations.connectorChanged(connector('d'));
  await expect.poll(() => seen.at(-1)?.name).toBe('d');
  expect(seen.map(({ name }) => name)).not.toContain('c');
});

test('looks at everything when a stream begins or ends, and comes back to an edge that was away', async () => {
  const first = await startEdge('edge');
  const { gaps, tell } = watch([first.edge]);
  await expect.poll(gaps).toBe(1);
  await first.stop();
  await expect.poll(gaps).toBe(2);
  const second = await startEdge('edge');
  tell(second.edge, 'modified');
  await expect.poll(gaps).toBe(3);
});

test('says what is new about a service, once', async () => {
  const { edge, observations } = await startEdge('edge');
  const { seen, gaps } = watch([edge]);
  await expect.poll(gaps).toBe(1);
  const shop = { namespace: 'default', name: 'shop', uid: 'u', generation: 1 };
  const target = {
    backend: { scheme: 'http', authority: 'a:1' },
    connector: connector('a'),
    advertised: true,
  } as const;
  observations.requestEnded(shop, target, 'answered');
  observations.probeEnded(target, 'failed');
  observations.requestEnded(shop, target, 'failed');
  observations.connectorChanged(connector('mark'));
  await expect.poll(() => seen.length).toBe(1);
  observations.requestEnded(shop, target, 'answered');
  observations.requestEnded(shop, target, 'failed');
  await expect.poll(() => seen.map(({ name }) => name)).toEqual(['mark', 'shop']);
});
