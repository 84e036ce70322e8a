import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { Secret } from '#base/secret.ts';
import type { DRTPServer } from '#contract/resources/generated.ts';

import { createProber } from './prober.ts';

const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function edgeAt(port: number): DRTPServer {
  return {
    apiVersion: 'datumapis.com/v1alpha',
    kind: 'DRTPServer',
    metadata: { name: 'edge-1' },
    spec: { address: '127.0.0.1', ports: [{ name: 'http', port }], protocols: [], caBundle: 'x' },
  };
}

async function startEdge(handle: RequestListener): Promise<DRTPServer> {
  const server = http.createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return edgeAt((server.address() as AddressInfo).port);
}

const token = new Secret('the-token');
const unhurried = new AbortController().signal;
const prober = createProber({ token, clock: systemClock });

test('asks as a visitor would, with the token, and wants no more than the head', async () => {
  let seen: http.IncomingHttpHeaders = {};
  const edge = await startEdge((request, response) => {
    seen = request.headers;
    response.writeHead(404, { 'sallyport-answered-by': 'origin', 'sallyport-route': 'u.1' });
    // Never ends.
    response.write('x');
  });
  expect(await prober.probeHostname(edge, 'shop.localhost', unhurried)).toEqual({
    kind: 'answer',
    status: 404,
    by: 'origin',
    details: null,
    route: 'u.1',
    provenKey: null,
    slow: false,
  });
  expect(seen).toMatchObject({
    host: `shop.localhost:${edge.spec.ports[0]?.port ?? 0}`,
    'sallyport-probe': 'the-token',
  });
});

test('of a field that is there twice, the edge’s own is the last', async () => {
  const edge = await startEdge((_request, response) => {
    response.writeHead(200, [
      'sallyport-answered-by',
      'origin',
      'sallyport-route',
      'made-up.1',
      'sallyport-answered-by',
      'agent',
      'sallyport-route',
      'u.1',
      'proxy-status',
      'sallyport-agent; error=connection_refused; details="SP_ORIGIN_REFUSED"',
    ]);
    response.end();
  });
  expect(await prober.probeHostname(edge, 'shop.localhost', unhurried)).toMatchObject({
    by: 'agent',
    details: 'SP_ORIGIN_REFUSED',
    route: 'u.1',
  });
});

test('what nobody vouches for is the edge’s answer', async () => {
  const edge = await startEdge((_request, response) => response.end());
  expect(await prober.probeHostname(edge, 'shop.localhost', unhurried)).toMatchObject({ by: 'edge', route: null });
});

test('tells silence behind the edge from an edge that is not there', async () => {
  const impatient = createProber({
    token,
    clock: { ...systemClock, after: (_delayMs, run) => systemClock.after(200, run) },
  });
  const silent = await startEdge(() => {});
  expect(await impatient.probeHostname(silent, 'shop.localhost', unhurried)).toEqual({ kind: 'silence' });
  const gone = await startEdge(() => {});
  await new Promise((resolve) => {
    servers.at(-1)?.close(resolve);
  });
  expect(await impatient.probeHostname(gone, 'shop.localhost', unhurried)).toEqual({
    kind: 'unreachable',
    code: 'ECONNREFUSED',
  });
});

test('calls an answer slow that took more than five seconds', async () => {
  const slow = await startEdge((_request, response) => void setTimeout(() => response.end(), 30));
  // A clock that is a thousand times as fast.
  const hurried = createProber({
    token,
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() * 1000 },
  });
  expect(await hurried.probeHostname(slow, 'shop.localhost', unhurried)).toMatchObject({ slow: true });
});

test('ends when it is told to', async () => {
  const silent = await startEdge(() => {});
  const told = new AbortController();
  const answer = prober.probeHostname(silent, 'shop.localhost', told.signal);
  await expect.poll(() => servers.at(-1)?.listenerCount('request')).toBe(1);
  told.abort();
  expect((await answer).kind).not.toBe('answer');
});
