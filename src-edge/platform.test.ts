/** Edge and operator together with a real control plane, real tunnels and a real service. */
import http from 'node:http';

import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient } from '#kube/client.ts';

import { startOperator } from './operator/operator.ts';
import { observationsPath, probeHeader } from './probe-wire.ts';
import {
  createTestKey,
  startTestPlatform,
  testProbeToken,
  type TestAgent,
  type TestPlatform,
} from './test-platform.ts';
import { advertisementOf, proxyOf } from './test-resources.ts';
import { openVisit, startTestOrigin, visit, type TestOrigin } from './test-visitor.ts';

const namespace = 'default';
const soon = { timeout: 15_000, interval: 20 };
/** Far below the time after which the operator looks by itself. */
const promptly = { timeout: 3000, interval: 20 };

let platform: TestPlatform;
let origin: TestOrigin;

beforeAll(async () => {
  platform = await startTestPlatform();
  origin = await startTestOrigin();
});
afterAll(async () => {
  await platform.close();
  await origin.stop();
});

const readyOf = (name: string) => () => platform.condition('httpProxy', name, 'Ready');
const connectorReady = (name: string) => () => platform.condition('connector', name, 'Ready');
const port = (): number => platform.edge.http.port;

test('the edge registers itself, with a lease of its own', async () => {
  const servers = platform.admin.resource(kinds.drtpServer);
  await expect
    .poll(async () => (await servers.get({ namespace, name: 'edge-1' }))?.status?.health, soon)
    .toBe('Healthy');
  const server = await servers.get({ namespace, name: 'edge-1' });
  expect(server?.spec).toMatchObject({
    instanceName: 'edge-1',
    address: '127.0.0.1',
    tunnelServerName: 'localhost',
    protocols: ['sallyport-h2/1'],
    domain: 'localhost',
    ports: [
      { name: 'tunnel-h2', port: platform.edge.tunnel.port },
      { name: 'http', port: platform.edge.http.port },
    ],
  });
  const lease = await platform.admin
    .resource(kinds.lease)
    .get({ namespace, name: server?.status?.leaseRef?.name ?? '' });
  expect(lease?.spec.holderIdentity).toBe('edge-1');
  expect(lease?.metadata.ownerReferences?.[0]?.uid).toBe(server?.metadata.uid);
});

describe('a service', () => {
  let agent: TestAgent;
  let host: string;

  beforeAll(async () => {
    agent = await platform.startAgent('laptop-a', { renewed: false });
  });
  afterAll(() => agent.stop());

  test('its connector is ready only with a renewed lease and a tunnel', async () => {
    await expect.poll(() => agent.report().connections[0]?.phase, soon).toBe('connected');
    await expect
      .poll(connectorReady('laptop-a'), soon)
      .toBe('False ConnectorNotReady: Connector lease has not been renewed yet.');
    const connector = await platform.admin.resource(kinds.connector).get({ namespace, name: 'laptop-a' });
    expect(connector?.status?.leaseRef).toEqual({ name: 'laptop-a' });
    const lease = await platform.admin.resource(kinds.lease).get({ namespace, name: 'laptop-a' });
    expect(lease?.spec.leaseDurationSeconds).toBe(30);
    expect(lease?.metadata.ownerReferences?.[0]?.uid).toBe(connector?.metadata.uid);

    await agent.renew();
    await expect
      .poll(connectorReady('laptop-a'), soon)
      .toBe('True ConnectorReady: The connector is ready to tunnel traffic.');
    expect(await platform.condition('connector', 'laptop-a', 'Accepted')).toBe(
      'True Accepted: Connector class resolved',
    );
  });

  test('gets a hostname and a URL, and is ready once it has answered through the tunnel', async () => {
    await agent.expose('shop', origin.port);
    await expect.poll(readyOf('shop'), soon).toBe('True Ready: The service has answered a request through the tunnel.');
    const proxy = await platform.proxy('shop');
    expect(proxy.status).toMatchObject({ canonicalHostname: 'shop.localhost', url: `http://shop.localhost:${port()}` });
    expect(await platform.condition('httpProxy', 'shop', 'Programmed')).toMatch(/^True Programmed/);
    host = `shop.localhost:${port()}`;
    expect(await visit(port(), host)).toMatchObject({ status: 200, body: 'hello' });
  });

  test('its advertisement is accepted and owned by the connector', async () => {
    const advertisements = platform.admin.resource(kinds.connectorAdvertisement);
    await expect
      .poll(async () => (await advertisements.get({ namespace, name: 'shop' }))?.status?.conditions?.[0]?.reason, soon)
      .toBe('Accepted');
    const advertisement = await advertisements.get({ namespace, name: 'shop' });
    expect(advertisement?.metadata.ownerReferences?.[0]?.uid).toBe(agent.connector.metadata.uid);
  });

  test('sees the visitor as it is, and nothing that a visitor made up', async () => {
    const { body } = await visit(port(), host, {
      path: '/headers',
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-host': 'evil.example',
        forwarded: 'for=6.6.6.6',
        [probeHeader]: testProbeToken,
      },
    });
    const seen = JSON.parse(body) as Record<string, string>;
    expect(seen['host']).toBe(host);
    expect(seen['forwarded']).toContain(`host="${host}"`);
    expect(seen['x-forwarded-for']).toBe('127.0.0.1');
    expect(seen['x-forwarded-host']).toBe(host);
    expect(seen['x-forwarded-proto']).toBe('http');
    expect(JSON.stringify(seen)).not.toContain(testProbeToken);
    expect([...origin.seenHeaders]).not.toContain(probeHeader);
  });

  test('tells only the holder of the probe token who answered', async () => {
    const guessed = await visit(port(), host, { headers: { [probeHeader]: 'a-wrong-probe-token-of-some-length' } });
    expect(guessed.headers).not.toHaveProperty('sallyport-answered-by');
    const right = await visit(port(), host, { headers: { [probeHeader]: testProbeToken } });
    expect(right.headers['sallyport-answered-by']).toBe('origin');
    const path = '/.well-known/sallyport/connectors/default/laptop-a/health';
    const asked = (token: string) => visit(port(), '127.0.0.1', { path, headers: { [probeHeader]: token } });
    expect((await asked(testProbeToken)).status).toBe(204);
    expect((await asked('a-wrong-probe-token-of-some-length')).status).toBe(421);
    expect((await visit(port(), '127.0.0.1', { path })).status).toBe(421);
    expect((await visit(port(), '127.0.0.1', { path: observationsPath })).status).toBe(421);
  });

  test('streams events one by one', async () => {
    const response = await openVisit(port(), host, '/events');
    const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]();
    for (const text of ['first', 'second']) {
      origin.sendEvent(text);
      expect((await chunks.next()).value).toBe(`data: ${text}\n\n`);
    }
    response.destroy();
  });

  test('decides itself whether it wants a body', async () => {
    const answer = await new Promise<{ readonly continued: boolean; readonly body: string }>((resolve, reject) => {
      let continued = false;
      const request = http.request({
        host: '127.0.0.1',
        port: port(),
        path: '/upload',
        method: 'POST',
        agent: false,
        headers: { host, expect: '100-continue', 'content-length': 5 },
      });
      request.once('continue', () => {
        continued = true;
        request.end('hello');
      });
      request.once('response', (response) => {
        response.setEncoding('utf8').once('data', (body: string) => resolve({ continued, body }));
      });
      request.once('error', reject);
      request.flushHeaders();
    });
    expect(answer).toEqual({ continued: true, body: '5' });
  });

  test('speaks over a WebSocket', async () => {
    const echoed = await new Promise<string>((resolve, reject) => {
      const request = http.request({
        host: '127.0.0.1',
        port: port(),
        headers: {
          host,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      });
      request.once('upgrade', (response, socket) => {
        expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
        socket.once('data', (data) => {
          socket.destroy();
          resolve(data.toString());
        });
        socket.write('frames stay opaque');
      });
      request.once('error', reject);
      request.end();
    });
    expect(echoed).toBe('frames stay opaque');
  });

  test('is reported when it stops listening, and again when it listens', async () => {
    await origin.stop();
    await expect.poll(async () => (await visit(port(), host)).status, soon).toBe(502);
    const refused = await visit(port(), host, { headers: { accept: 'text/html' } });
    expect(refused.headers['proxy-status']).toContain('SP_ORIGIN_REFUSED');
    expect(refused.body).toContain('The service is not running');
    await expect
      .poll(readyOf('shop'), promptly)
      .toBe(
        `False OriginRefused: Nothing listens on 127.0.0.1:${origin.port} on the connector's machine. Start the service; it is picked up by itself.`,
      );
    await origin.start();
    await expect.poll(readyOf('shop'), promptly).toMatch(/^True Ready/);
  });

  test('is reported when its open answers break, without a new visitor', async () => {
    const response = await openVisit(port(), host, '/events');
    response.on('error', () => {});
    await origin.stop();
    await expect.poll(readyOf('shop'), promptly).toMatch(/^False OriginRefused/);
    await origin.start();
    await expect.poll(readyOf('shop'), promptly).toMatch(/^True Ready/);
  });

  test('keeps its hostname while it is switched off, and says so', async () => {
    await agent.withdraw('shop');
    await expect
      .poll(readyOf('shop'), soon)
      .toMatch(/^False SwitchedOff: No ConnectorAdvertisement .* Switch the service on/);
    await expect.poll(async () => (await visit(port(), host)).status, soon).toBe(503);
    const off = await visit(port(), host, { headers: { accept: 'text/html,*/*' } });
    expect(off.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'proxy-status': 'sallyport-edge; error=destination_unavailable; details="SwitchedOff"',
    });
    expect(off.headers).toHaveProperty('retry-after');
    expect(off.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(off.body).toContain('Switched off');
    expect((await platform.proxy('shop')).status?.canonicalHostname).toBe('shop.localhost');
    await agent.advertise('shop', origin.port);
    await expect.poll(readyOf('shop'), soon).toMatch(/^True Ready/);
  });

  test('is served on while the control plane is away, and its agent may come back', async () => {
    platform.edgesLine.cut();
    try {
      agent.reconnect();
      await expect.poll(async () => (await visit(port(), host)).body, soon).toBe('hello');
      const stranger = await platform.startAgent('stranger');
      await expect
        .poll(() => stranger.report().connections[0]?.problem?.detail ?? '', soon)
        .toContain('ControlPlaneUnavailable');
      stranger.stop();
    } finally {
      platform.edgesLine.mend();
    }
    expect(await visit(port(), host)).toMatchObject({ status: 200, body: 'hello' });
  });

  test('answers 503 when its tunnel is gone', async () => {
    agent.stop();
    await expect.poll(async () => (await visit(port(), host)).status, soon).toBe(503);
    const gone = await visit(port(), host);
    expect(gone.body).toContain('Tunnel not online');
    expect(gone.headers['proxy-status']).toContain('details="TunnelNotOnline"');
    expect(gone.headers['content-type']).toBe('text/plain; charset=utf-8');
    await expect
      .poll(connectorReady('laptop-a'), promptly)
      .toBe('False ConnectorNotReady: The agent has no tunnel to the edge "edge-1".');
    await expect.poll(readyOf('shop'), promptly).toMatch(/^False TunnelNotOnline: Connector "laptop-a" is not ready: /);
  });

  test('loses its readiness with the lease', async () => {
    await platform.admin
      .resource(kinds.lease)
      .patch({ namespace, name: 'laptop-a' }, { spec: { leaseDurationSeconds: 1 } });
    await expect
      .poll(connectorReady('laptop-a'), soon)
      .toBe('False ConnectorNotReady: Connector lease has expired. Agent may be offline.');
  });

  test('gives its name back when it is deleted', async () => {
    await platform.admin.resource(kinds.httpProxy).delete({ namespace, name: 'shop' });
    await expect.poll(async () => (await visit(port(), host)).status, soon).toBe(421);
  });
});

describe('admission', () => {
  const refusal = (agent: TestAgent) => () => agent.report().connections[0]?.problem?.detail ?? '';
  const phase = (agent: TestAgent) => () => agent.report().connections[0]?.phase;

  test('refuses a second connector with the same key', async () => {
    const key = createTestKey();
    const first = await platform.startAgent('twin-a', { key });
    await expect.poll(phase(first), soon).toBe('connected');
    const second = await platform.startAgent('twin-b', { key });
    await expect.poll(refusal(second), soon).toContain('KeyConflict');
    expect(phase(first)()).toBe('connected');

    // The control plane remembers the first, for edges that did not see it prove the key.
    const connectors = platform.admin.resource(kinds.connector);
    const proven = async (name: string) => (await connectors.get({ namespace, name }))?.status?.provenKey?.id;
    await expect.poll(() => proven('twin-a'), soon).toBe(key.id);
    expect(await proven('twin-b')).toBeUndefined();
    const later = await platform.startEdge({ name: 'edge-late' });
    second.dial(later);
    const latest = () => second.report().connections.find(({ address }) => address.endsWith(`:${later.tunnel.port}`));
    await expect.poll(() => latest()?.problem?.detail, soon).toContain('KeyConflict');
    second.dial(platform.edge);
    await later.close();

    // The first gives the key up by going away; its tunnel goes with it, and the key is free.
    await platform.admin.resource(kinds.connector).delete({ namespace, name: 'twin-a' });
    await expect.poll(phase(first), soon).not.toBe('connected');
    await expect.poll(phase(second), soon).toBe('connected');
    first.stop();
    second.stop();
  });

  test('refuses a connector of the same name with another uid', async () => {
    const agent = await platform.startAgent('reborn', { claimedUid: '00000000-0000-4000-8000-000000000000' });
    await expect.poll(refusal(agent), soon).toContain('UidMismatch');
    agent.stop();
  });

  test('ends the tunnels of a connector whose key is changed', async () => {
    const agent = await platform.startAgent('rekeyed');
    await expect.poll(phase(agent), soon).toBe('connected');
    await platform.admin
      .resource(kinds.connector)
      .patchStatus(
        { namespace, name: 'rekeyed' },
        { status: { connectionDetails: { publicKey: { id: createTestKey().id } } } },
      );
    await expect.poll(refusal(agent), soon).toContain('KeyMismatch');
    agent.stop();
  });
});

describe('the operator', () => {
  test('refuses what cannot be served, and says what to change', async () => {
    const proxies = platform.admin.resource(kinds.httpProxy);
    await proxies.create(proxyOf('metadata', 'laptop-a', 'http://169.254.169.254'));
    await expect
      .poll(() => platform.condition('httpProxy', 'metadata', 'Accepted'), soon)
      .toBe(
        'False Invalid: spec.rules[0].backends[0].endpoint names 169.254.169.254, a link-local or unspecified address; use the address the service listens on.',
      );
  });

  test('says which field somebody spoilt, and takes the proxy back once it is right', async () => {
    const proxies = platform.admin.resource(kinds.httpProxy);
    const key = { namespace, name: 'patched' };
    const accepted = () => platform.condition('httpProxy', 'patched', 'Accepted');
    await proxies.create(proxyOf('patched', 'laptop-a', 'http://127.0.0.1:3000'));
    await expect.poll(accepted, soon).toMatch(/^True/);
    await proxies.patch(key, { spec: { hostnames: ['shop.example'] } });
    await expect
      .poll(accepted, soon)
      .toBe(
        `False Invalid: spec.hostnames asks for “shop.example”, and this platform gives out hostnames itself. Remove spec.hostnames, for example with: kubectl -n default patch httpproxy patched --type=json -p '[{"op":"remove","path":"/spec/hostnames"}]'`,
      );
    await proxies.patch(key, { spec: { hostnames: null } });
    await expect.poll(accepted, soon).toMatch(/^True/);
  });

  test('says that a connector is missing', async () => {
    const { admin } = platform;
    await admin.resource(kinds.httpProxy).create(proxyOf('lonely', 'nobody', 'http://127.0.0.1:3000'));
    await admin.resource(kinds.connectorAdvertisement).create(advertisementOf('lonely', 'nobody', 3000));
    await expect
      .poll(readyOf('lonely'), soon)
      .toBe('False TunnelNotOnline: Connector "nobody" not found. Start its agent, or name another one.');
    await expect
      .poll(async () => {
        const advertisement = await admin.resource(kinds.connectorAdvertisement).get({ namespace, name: 'lonely' });
        return advertisement?.status?.conditions?.[0]?.message;
      }, soon)
      .toBe('Connector "nobody" not found');
  });

  test('leaves connectors of other classes alone', async () => {
    const { admin } = platform;
    await admin.resource(kinds.connectorClass).create({
      apiVersion: 'networking.datumapis.com/v1alpha1',
      kind: 'ConnectorClass',
      metadata: { name: 'other' },
      spec: { controllerName: 'example.com/other' },
    });
    const connectors = admin.resource(kinds.connector);
    const create = (name: string, connectorClassName: string) =>
      connectors.create({
        apiVersion: 'networking.datumapis.com/v1alpha1',
        kind: 'Connector',
        metadata: { name, namespace },
        spec: { connectorClassName },
      });
    await create('theirs', 'other');
    await admin.resource(kinds.httpProxy).create(proxyOf('their-proxy', 'theirs', 'http://127.0.0.1:3000'));
    await create('classless', 'no-such-class');
    // The second was made later, so that the first had its turn when this holds.
    await expect
      .poll(() => platform.condition('connector', 'classless', 'Accepted'), soon)
      .toBe('False ConnectorClassNotFound: ConnectorClass "no-such-class" not found');
    expect(await platform.condition('connector', 'theirs', 'Accepted')).toMatch(/^Unknown Pending/);
    expect(await admin.resource(kinds.lease).get({ namespace, name: 'theirs' })).toBeNull();
    await admin.resource(kinds.httpProxy).create(proxyOf('our-proxy', 'nobody', 'http://127.0.0.1:3000'));
    await expect.poll(readyOf('our-proxy'), soon).toMatch(/^False TunnelNotOnline/);
    expect(await platform.condition('httpProxy', 'their-proxy', 'Accepted')).toMatch(/^Unknown Pending/);
  });
});

test('an edge that ends says so before it leaves', async () => {
  const servers = platform.admin.resource(kinds.drtpServer);
  const health = async () => (await servers.get({ namespace, name: 'edge-2' }))?.status?.health;
  const edge = await platform.startEdge({ name: 'edge-2' });
  await expect.poll(health, soon).toBe('Healthy');
  await edge.close();
  expect(await health()).toBe('Draining');
  await expect(visit(edge.http.port, 'any.localhost')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an edge and an operator leave no connection to the control plane behind', async () => {
  const clientOf = (role: 'edge' | 'operator') => {
    const config = new KubeConfig();
    config.loadFromString(platform.controlPlane.kubeconfig(role));
    return createKubeClient(config);
  };
  const clients = [clientOf('edge'), clientOf('operator')] as const;
  const surroundings = { clock: systemClock, random: Math.random, log: silentLogger };
  const edge = await platform.startEdge({ name: 'edge-short', kube: clients[0] });
  const operator = await startOperator({
    ...surroundings,
    kube: clients[1],
    probeToken: new Secret(testProbeToken),
    election: { namespace, identity: 'operator-2' },
  });
  await Promise.all([edge.close(), operator.close()]);
  for (const client of clients) {
    await expect(client.resource(kinds.connector).list()).rejects.toMatchObject({ reason: 'Closed' });
  }
});
