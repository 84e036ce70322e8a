/**
 * Who gets in, over which TLS, and what each role may do.
 */
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { Server } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { Role } from '../authorization/rules.ts';
import { createTestClient, type Reply, type TestClient } from '../test-client.ts';
import { startTestControlPlane, type TestControlPlane } from '../test-control-plane.ts';

let controlPlane: TestControlPlane;
let client: TestClient;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  client = createTestClient(controlPlane);
});
afterAll(async () => {
  client.close();
  await controlPlane.close();
});

const networking = '/apis/networking.datumapis.com/v1alpha1';
const connectors = `${networking}/namespaces/default/connectors`;
const advertisements = `${networking}/namespaces/default/connectoradvertisements`;
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const merge = 'application/merge-patch+json';
const timestamp = '2026-01-01T00:00:00Z';

function statusOf(path: string, options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      `${controlPlane.server}${path}`,
      { ca: controlPlane.cert, ...options },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.once('error', reject);
    outgoing.end();
  });
}

describe('transport', () => {
  test('is TLS 1.3 and nothing below', async () => {
    const port = Number(new URL(controlPlane.server).port);
    const outcome = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, ca: controlPlane.cert, maxVersion }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.once('error', () => resolve('refused'));
      });
    expect(await outcome('TLSv1.2')).toBe('refused');
    expect(await outcome('TLSv1.3')).toBe('TLSv1.3');
  });

  test('survives a connection that the system could not give it', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    const shaken = await startTestControlPlane();
    const server = listen.mock.contexts[0] as Server | undefined;
    listen.mockRestore();
    // What node:net emits when accept(2) fails, as it does when the process is out of descriptors.
    server?.emit('error', Object.assign(new Error('accept EMFILE'), { syscall: 'accept', code: 'EMFILE' }));
    const visitor = createTestClient(shaken);
    expect((await visitor.send('GET', '/readyz')).body).toBe('ok');
    visitor.close();
    await shaken.close();
  });
});

describe('authentication', () => {
  test('health and version are open, nothing else is', async () => {
    for (const path of ['/livez', '/readyz', '/version']) expect(await statusOf(path, {}), path).toBe(200);
    for (const path of ['/api', '/apis', '/openapi/v2', connectors, '/nowhere']) {
      expect(await statusOf(path, {}), path).toBe(401);
    }
    for (const authorization of ['Bearer wrong', 'Bearer ', 'Basic eDp5', `Bearer ${controlPlane.token('admin')}x`]) {
      expect(await statusOf(connectors, { headers: { authorization } }), authorization).toBe(401);
    }
  });

  test('a refusal is a readable Status', async () => {
    const wrong = createTestClient({ ...controlPlane, token: () => 'wrong' });
    const { status, body, headers } = await wrong.send('GET', connectors);
    expect({ status, reason: body.reason, kind: body.kind }).toEqual({
      status: 401,
      reason: 'Unauthorized',
      kind: 'Status',
    });
    expect(headers['www-authenticate']).toBe('Bearer');
    wrong.close();
  });
});

const create = (path: string, name: string, spec: object, as: Role): Promise<Reply> =>
  client.send('POST', path, { body: { metadata: { name }, spec }, as });
const patch = (path: string, body: object, as: Role): Promise<Reply> =>
  client.send('PATCH', path, { body, type: merge, as });

describe('roles', () => {
  beforeAll(async () => {
    expect((await create(connectors, 'c', { connectorClassName: 'x' }, 'agent')).status).toBe(201);
    expect((await create(leases, 'c', { leaseDurationSeconds: 30 }, 'operator')).status).toBe(201);
    expect((await create(advertisements, 'c', { connectorRef: { name: 'c' } }, 'agent')).status).toBe(201);
  });

  const condition = { type: 'Ready', status: 'True', reason: 'X', message: '', lastTransitionTime: timestamp };
  const proven = { status: { provenKey: { id: 'a', since: '2026-01-01T00:00:00Z' } } };
  const ready = { status: { conditions: [condition] } };
  const details = { status: { connectionDetails: { type: 'PublicKey', publicKey: { id: 'ab'.repeat(32) } } } };
  const owner = { apiVersion: 'networking.datumapis.com/v1alpha1', kind: 'Connector', name: 'c', uid: 'u' };
  const renewal = { spec: { renewTime: '2026-01-01T00:00:00.000000Z', holderIdentity: 'me' } };

  test.each<[Role, string, string, object, number]>([
    ['agent', 'says how it is reached', `${connectors}/c/status`, details, 200],
    ['agent', 'does not declare itself ready', `${connectors}/c/status`, ready, 403],
    ['agent', 'does not say which key it proved', `${connectors}/c/status`, proven, 403],
    ['operator', 'says which key was proved', `${connectors}/c/status`, proven, 200],
    ['operator', 'declares readiness', `${connectors}/c/status`, ready, 200],
    [
      'operator',
      'does not say how agents are reached',
      `${connectors}/c/status`,
      { status: { connectionDetails: null } },
      403,
    ],
    [
      'operator',
      'does not change what an agent asked for',
      `${connectors}/c`,
      { spec: { connectorClassName: 'y' } },
      403,
    ],
    ['agent', 'renews a Lease', `${leases}/c`, renewal, 200],
    ['agent', 'does not prolong a Lease', `${leases}/c`, { spec: { leaseDurationSeconds: 9999 } }, 403],
    ['agent', 'does not free a Lease from its owner', `${leases}/c`, { metadata: { labels: { a: 'b' } } }, 403],
    ['operator', 'does not widen an allow list', `${advertisements}/c`, { spec: { layer3: [] } }, 403],
    ['edge', 'does not write connectors', `${connectors}/c/status`, ready, 403],
    ['admin', 'may', `${connectors}/c/status`, { status: { leaseRef: { name: 'c' } } }, 200],
  ])('%s %s', async (role, _what, path, body, expected) => {
    const reply = await patch(path, body, role);
    expect(reply.status).toBe(expected);
    if (expected === 403) expect(reply.body).toMatchObject({ kind: 'Status', reason: 'Forbidden' });
  });

  test('operator owns advertisements without changing them', async () => {
    const path = `${advertisements}/c`;
    const blocked = await patch(path, { metadata: { ownerReferences: [owner], labels: { a: 'b' } } }, 'operator');
    expect(blocked.body.details.causes).toEqual([
      expect.objectContaining({ reason: 'FieldValueForbidden', field: 'metadata.labels' }),
    ]);
    const real = (await client.send('GET', `${connectors}/c`)).body;
    const reference = { ...owner, uid: real.metadata.uid as string };
    expect((await patch(path, { metadata: { ownerReferences: [reference] } }, 'operator')).status).toBe(200);
  });

  test.each<[Role, string, string, object]>([
    ['agent', leases, 'l', {}],
    ['operator', connectors, 'o', { connectorClassName: 'x' }],
    ['edge', connectors, 'e', { connectorClassName: 'x' }],
    ['agent', '/api/v1/namespaces', 'n', {}],
    ['agent', `${networking}/connectorclasses`, 'k', {}],
  ])('%s does not create in %s', async (role, path, name, spec) => {
    const reply = await create(path, name, spec, role);
    expect(reply.status).toBe(403);
    expect(reply.body.message).toContain(`test-${role}`);
  });

  test('every role may read', async () => {
    for (const as of ['agent', 'operator', 'edge'] as const) {
      expect((await client.send('GET', connectors, { as })).status).toBe(200);
    }
  });

  test('a deletion needs the right to delete', async () => {
    expect((await client.send('DELETE', `${connectors}/c`, { as: 'edge' })).status).toBe(403);
    expect((await client.send('DELETE', connectors, { as: 'agent' })).status).toBe(403);
  });
});

describe('paths', () => {
  test.each([
    ['GET', '/apis/unknown.group/v1', 404],
    ['GET', `${networking}/unknown`, 404],
    ['GET', `${connectors}/c/scale`, 404],
    ['GET', `${connectors}/%zz`, 404],
    ['POST', `${connectors}/c`, 405],
    ['PUT', connectors, 405],
    ['DELETE', `${connectors}/c/status`, 405],
    ['OPTIONS', connectors, 405],
    ['GET', '//', 404],
  ])('%s %s is answered with %i', async (method, path, expected) => {
    expect((await client.send(method, path)).status).toBe(expected);
  });

  test('discovery is complete', async () => {
    const { body } = await client.send('GET', '/apis');
    const served = body.groups.map((group: { name: string }) => group.name);
    expect(served).toEqual(
      expect.arrayContaining([
        'networking.datumapis.com',
        'datumapis.com',
        'coordination.k8s.io',
        'apiextensions.k8s.io',
      ]),
    );
    for (const group of body.groups) {
      for (const { groupVersion } of group.versions) {
        expect((await client.send('GET', `/apis/${groupVersion}`)).body.kind).toBe('APIResourceList');
      }
    }
    const { body: index } = await client.send('GET', '/openapi/v3');
    for (const { serverRelativeURL } of Object.values<{ serverRelativeURL: string }>(index.paths)) {
      expect((await client.send('GET', serverRelativeURL)).body.openapi).toBe('3.0.0');
    }
    expect((await client.send('GET', '/openapi/v2')).body.swagger).toBe('2.0');
  });
});
