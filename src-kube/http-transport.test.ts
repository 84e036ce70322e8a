import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { Connector } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createTestCertificate } from '#control/test-control-plane.ts';
import { createKubeClient, KubeError, type KubeClient, type ResourceClient } from './client.ts';
import {
  kubeConfigFor,
  sendJson,
  sendWatch,
  startScriptedApiServer,
  type ScriptedApiServer,
} from './testing/scripted-api-server.ts';

const key = { namespace: 'default', name: 'laptop' };

let server: ScriptedApiServer;
let client: KubeClient;
let connectors: ResourceClient<Connector>;

beforeEach(async () => {
  server = await startScriptedApiServer();
  client = createKubeClient(kubeConfigFor(server));
  connectors = client.resource(kinds.connector);
});

afterEach(async () => {
  client.close();
  await server.close();
});

/** The KubeError that `call` rejects with. */
async function failureOf(call: Promise<unknown>): Promise<KubeError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof KubeError)) throw new Error('No KubeError', { cause: outcome });
  return outcome;
}

describe('a call', () => {
  test('carries the credentials of the kubeconfig, below its path', async () => {
    const nested = createKubeClient(
      kubeConfigFor(server, { server: `https://127.0.0.1:${server.port}/clusters/one/` }),
    );
    await nested.resource(kinds.connector).get(key);
    nested.close();
    expect(server.requests).toMatchObject([
      {
        method: 'GET',
        path: '/clusters/one/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors/laptop',
        headers: { authorization: 'Bearer test-token', accept: 'application/json' },
      },
    ]);
  });

  test('reuses the connection of the one before', async () => {
    for (let index = 0; index < 5; index += 1) await connectors.get(key);
    expect(server.accepted).toBe(1);
  });

  test('is not held up by watches, however many', async () => {
    const ending = new AbortController();
    server.answer((request, response) => {
      if (request.query['watch'] === 'true') sendWatch(response);
      else sendJson(response, 404, {});
    });
    const watches = Array.from({ length: 40 }, () =>
      connectors.watch({ resourceVersion: '1', signal: ending.signal, onEvent: () => {} }),
    );
    await vi.waitFor(() => expect(server.requests).toHaveLength(40));
    await expect(connectors.get(key)).resolves.toBeNull();
    ending.abort();
    await Promise.all(watches);
  });
});

describe('an answer that is no answer', () => {
  const impatient = async (): Promise<KubeError> => {
    const impatientClient = createKubeClient(kubeConfigFor(server), { callTimeoutMs: 100 });
    const error = await failureOf(impatientClient.resource(kinds.connector).get(key));
    await vi.waitFor(() => expect(server.open).toBe(0));
    impatientClient.close();
    return error;
  };

  test('because none comes', async () => {
    server.answer(() => {});
    expect(await impatient()).toMatchObject({ status: 0, reason: 'TimedOut' });
  });

  test('because it drips without end', async () => {
    server.answer((_request, response) => {
      response.writeHead(200);
      const dripping = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(dripping));
    });
    expect(await impatient()).toMatchObject({ status: 0, reason: 'TimedOut' });
  });

  test('because the credentials never come', async () => {
    const kubeConfig = kubeConfigFor(server);
    kubeConfig.addAuthenticator({ isAuthProvider: () => true, applyAuthentication: () => new Promise(() => {}) });
    const waiting = createKubeClient(kubeConfig, { callTimeoutMs: 50 });
    expect(await failureOf(waiting.resource(kinds.connector).get(key))).toMatchObject({
      status: 0,
      reason: 'TimedOut',
    });
    waiting.close();
  });

  test('because the credentials cannot be had', async () => {
    const kubeConfig = kubeConfigFor(server);
    kubeConfig.addAuthenticator({
      isAuthProvider: () => true,
      applyAuthentication: () => Promise.reject(new Error('not signed in')),
    });
    const denied = createKubeClient(kubeConfig);
    expect(await failureOf(denied.resource(kinds.connector).get(key))).toMatchObject({
      status: 401,
      reason: 'CredentialsUnusable',
    });
    denied.close();
  });

  test('because nobody listens', async () => {
    await server.close();
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 0, reason: 'ECONNREFUSED' });
  });

  test('because the connection is reset in the middle of it', async () => {
    server.answer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"kind":', () => server.reset());
    });
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 0, reason: 'ECONNRESET' });
  });

  test('because it is not JSON', async () => {
    server.answer((_request, response) => response.end('<html>Sign in to the hotel’s network</html>'));
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 0, reason: 'NotJson' });
  });
});

describe('a refusal', () => {
  test.each([
    ['a Status', 422, '{"reason":"Invalid","message":"spec: no"}', { reason: 'Invalid', message: 'spec: no' }],
    ['a page of a proxy', 502, '<html>Bad gateway</html>', { reason: 'Unknown' }],
    ['null', 500, 'null', { reason: 'Unknown' }],
    ['a string', 500, '"broken"', { reason: 'Unknown' }],
    ['a Status of wrong types', 500, '{"reason":7,"message":{},"details":"none"}', { reason: 'Unknown' }],
    ['nothing', 503, '', { reason: 'Unknown' }],
  ])('with %s as its body is a KubeError of its status', async (_name, status, body, expected) => {
    server.answer((_request, response) => {
      response.writeHead(status);
      response.end(body);
    });
    expect(await failureOf(connectors.get(key))).toMatchObject({ status, ...expected });
  });

  test.each([
    ['7', 7000],
    ['86400', 60_000],
    ['0', null],
    ['-5', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ])('with Retry-After: %s asks for %s ms', async (retryAfter, retryAfterMs) => {
    server.answer((_request, response) => sendJson(response, 429, {}, { 'retry-after': retryAfter }));
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 429, retryAfterMs });
  });

  test('may say in its Status how long to wait', async () => {
    server.answer((_request, response) => sendJson(response, 503, { details: { retryAfterSeconds: 3 } }));
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 503, retryAfterMs: 3000 });
  });
});

describe('ending', () => {
  test('an aborted list says so and gives its connection up', async () => {
    server.answer(() => {});
    const aborting = new AbortController();
    const failure = failureOf(connectors.list({ signal: aborting.signal }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    aborting.abort();
    expect(await failure).toMatchObject({ status: 0, reason: 'Aborted' });
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  test('close ends calls and watches under way, and every connection', async () => {
    server.answer((request, response) => {
      if (request.query['watch'] === 'true') sendWatch(response);
    });
    const { signal } = new AbortController();
    const call = failureOf(connectors.get(key));
    const watch = failureOf(connectors.watch({ resourceVersion: '1', signal, onEvent: () => {} }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    client.close();
    expect(await call).toMatchObject({ status: 0, reason: 'Closed' });
    expect(await watch).toMatchObject({ status: 0, reason: 'Closed' });
    await vi.waitFor(() => expect(server.open).toBe(0));
    expect(await failureOf(connectors.get(key))).toMatchObject({ status: 0, reason: 'Closed' });
  });
});

describe('TLS', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const callTo = async (kubeConfig: ReturnType<typeof kubeConfigFor>): Promise<unknown> => {
    const other = createKubeClient(kubeConfig);
    try {
      return await other.resource(kinds.connector).get(key);
    } finally {
      other.close();
    }
  };

  test('below 1.3 is refused, for calls and for watches', async () => {
    const old = await startScriptedApiServer({ maxVersion: 'TLSv1.2' });
    const oldClient = createKubeClient(kubeConfigFor(old));
    const resource = oldClient.resource(kinds.connector);
    const { signal } = new AbortController();
    expect(await failureOf(resource.get(key))).toMatchObject({ status: 0 });
    expect(await failureOf(resource.watch({ resourceVersion: '1', signal, onEvent: () => {} }))).toMatchObject({
      status: 0,
    });
    expect(old.requests).toEqual([]);
    expect(old.accepted).toBe(2);
    // It is the version: whoever accepts 1.2 gets through.
    const lax = connectTls({ host: '127.0.0.1', port: old.port, ca: old.cert, minVersion: 'TLSv1.2' });
    await once(lax, 'secureConnect');
    lax.destroy();
    oldClient.close();
    await old.close();
  });

  test('of a server that the kubeconfig’s CA does not vouch for is refused', async () => {
    const { cert } = await createTestCertificate();
    expect(await failureOf(callTo(kubeConfigFor({ port: server.port, cert })))).toMatchObject({
      status: 0,
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.requests).toEqual([]);
  });

  test('of a server with another name is refused', async () => {
    expect(await failureOf(callTo(kubeConfigFor(server, { tlsServerName: 'elsewhere.example' })))).toMatchObject({
      status: 0,
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(server.requests).toEqual([]);
  });

  test('is verified whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { cert } = await createTestCertificate();
    expect(await failureOf(callTo(kubeConfigFor({ port: server.port, cert })))).toMatchObject({ status: 0 });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['NotEncrypted', { server: 'http://127.0.0.1:1' }],
    ['NotVerified', { skipTLSVerify: true }],
    ['NoCluster', { server: 'nonsense' }],
  ])('without it no client is made: %s', (reason, overrides) => {
    expect(() => createKubeClient(kubeConfigFor(server, overrides))).toThrow(expect.objectContaining({ reason }));
  });

  describe('through a proxy', () => {
    let proxy: Server;
    let proxied: string[];

    beforeEach(async () => {
      proxied = [];
      proxy = createServer();
      proxy.on('connect', (request, near, head) => {
        proxied.push(request.url ?? '');
        const [host = '', port = ''] = (request.url ?? '').split(':');
        const far = connect(Number(port), host, () => {
          near.write('HTTP/1.1 200 Connection established\r\n\r\n');
          far.write(head);
          near.pipe(far);
          far.pipe(near);
        });
        far.on('error', () => {}).on('close', () => near.destroy());
        near.on('error', () => {}).on('close', () => far.destroy());
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    });

    afterEach(async () => {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    });

    const via = (): { readonly proxyUrl: string } => ({
      proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    });

    test('works', async () => {
      await expect(callTo(kubeConfigFor(server, via()))).resolves.toBeNull();
      expect(proxied).toEqual([`127.0.0.1:${server.port}`]);
    });

    test('is held to 1.3 and verified as well', async () => {
      const old = await startScriptedApiServer({ maxVersion: 'TLSv1.2' });
      const { cert } = await createTestCertificate();
      expect(await failureOf(callTo(kubeConfigFor(old, via())))).toMatchObject({ status: 0 });
      expect(await failureOf(callTo(kubeConfigFor({ port: server.port, cert }, via())))).toMatchObject({ status: 0 });
      expect(proxied).toHaveLength(2);
      expect([...old.requests, ...server.requests]).toEqual([]);
      await old.close();
    });
  });
});
