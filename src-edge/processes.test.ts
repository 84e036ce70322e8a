/** Edge and operator as processes: configuration, ready line, and the ways to end. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { createTestCertificate, startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';

import { defaultElectionTiming } from '#kube/leader-election.ts';

import { readEdgeConfig, readOperatorConfig, readProbeToken } from './config.ts';

let directory: string;
let controlPlane: TestControlPlane;
let edgeConfig: Record<string, unknown>;
let operatorConfig: Record<string, unknown>;
const children: ChildProcess[] = [];

const file = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-edge-'));
  controlPlane = await startTestControlPlane();
  const { cert, key } = await createTestCertificate();
  await Promise.all([
    writeFile(file('cert.pem'), cert),
    writeFile(file('key.pem'), key),
    writeFile(file('probe-token'), 'a-probe-token-for-tests-only\n'),
    writeFile(file('short-token'), 'short'),
  ]);
  edgeConfig = {
    name: 'edge-1',
    namespace: 'default',
    kubeconfig: await controlPlane.kubeconfigFile('edge'),
    domain: 'localhost',
    http: { host: '127.0.0.1', port: 0 },
    tunnel: {
      host: '127.0.0.1',
      port: 0,
      address: '127.0.0.1',
      serverName: 'localhost',
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      caFile: 'cert.pem',
    },
    probeTokenFile: 'probe-token',
  };
  operatorConfig = { kubeconfig: await controlPlane.kubeconfigFile('operator'), probeTokenFile: 'probe-token' };
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await controlPlane.close();
  await rm(directory, { recursive: true, force: true });
});

async function configFile(name: string, content: unknown): Promise<string> {
  await writeFile(file(name), typeof content === 'string' ? content : stringify(content));
  return file(name);
}

type Running = {
  readonly child: ChildProcess;
  readonly ready: () => Promise<Record<string, unknown>>;
  readonly exitCode: () => Promise<number | null>;
  readonly log: () => string;
};

function run(entry: string, args: readonly string[]): Running {
  const child = fork(join(import.meta.dirname, entry), [...args], { silent: true, execArgv: [] });
  children.push(child);
  let output = '';
  let log = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr?.on('data', (data: Buffer) => {
    log += data.toString();
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  return {
    child,
    ready: async () => {
      await expect.poll(() => output, { timeout: 10_000 }).toContain('\n');
      return JSON.parse(output) as Record<string, unknown>;
    },
    exitCode: async () => (await exited)[0],
    log: () => log,
  };
}

test('the edge says where it listens, and ends on SIGTERM', async () => {
  const edge = run('edge-main.ts', ['--config', await configFile('edge.yaml', edgeConfig)]);
  const ready = await edge.ready();
  expect(ready).toEqual({
    event: 'ready',
    http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
    tunnel: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
  });
  const status = await new Promise((resolve, reject) => {
    http.get(String(ready['http']), (response) => resolve(response.statusCode)).once('error', reject);
  });
  expect([421, 503]).toContain(status);
  edge.child.kill('SIGTERM');
  expect(await edge.exitCode()).toBe(0);
});

test('the operator gets ready, and ends when its parent goes away', async () => {
  const operator = run('operator-main.ts', ['--config', await configFile('operator.yaml', operatorConfig)]);
  expect(await operator.ready()).toEqual({ event: 'ready' });
  operator.child.disconnect();
  expect(await operator.exitCode()).toBe(0);
});

test('of two operators one works, and when it is killed the other goes on within the duration of the Lease', async () => {
  const config = await configFile('operator.yaml', operatorConfig);
  const operators = [1, 2].map(() => run('operator-main.ts', ['--config', config]));
  const leading = (): Running[] => operators.filter(({ log }) => log().includes('"message":"leading"'));
  await Promise.all(operators.map(({ ready }) => ready()));
  await expect.poll(() => leading().length, { timeout: 10_000 }).toBe(1);

  const killedAt = performance.now();
  for (const { child } of leading()) child.kill('SIGKILL');
  await expect.poll(() => leading().length, { timeout: 30_000, interval: 20 }).toBe(2);
  // A few seconds for a busy machine: what counts is that it does not wait for anything else.
  expect(performance.now() - killedAt).toBeLessThan((defaultElectionTiming.leaseDurationSeconds + 5) * 1000);
}, 60_000);

test.each([
  ['edge-main.ts', ['--config', '/nonexistent.yaml'], 78, '/nonexistent.yaml cannot be read (ENOENT)'],
  ['operator-main.ts', [], 64, 'usage: --config FILE'],
])('%s %j exits with %i', async (entry, args, code, words) => {
  const running = run(entry, args);
  expect(await running.exitCode()).toBe(code);
  expect(running.log()).toContain(words);
});

test('a taken port is a failure to start', async () => {
  const edge = run('edge-main.ts', ['--config', await configFile('edge.yaml', edgeConfig)]);
  const { http: address } = await edge.ready();
  const taken = { ...edgeConfig, http: { host: '127.0.0.1', port: Number(new URL(String(address)).port) } };
  const second = run('edge-main.ts', ['--config', await configFile('taken.yaml', taken)]);
  expect(await second.exitCode()).toBe(70);
  expect(JSON.parse(second.log().trim().split('\n').at(-1) ?? '')).toMatchObject({
    message: `${new URL(String(address)).host} cannot be listened on`,
    code: 'SP_LISTEN_FAILED',
    detail: 'Another program listens there.',
    action: 'Choose another address or port in the configuration, then start it again.',
  });
});

test('a configuration that cannot be used is told with a code and the one thing to do', async () => {
  const edge = run('edge-main.ts', ['--config', await configFile('edge.yaml', { ...edgeConfig, domain: '-' })]);
  expect(await edge.exitCode()).toBe(78);
  expect(JSON.parse(edge.log())).toMatchObject({
    level: 'error',
    message: 'The configuration cannot be used',
    code: 'SP_CONFIG_INVALID',
    detail: `${file('edge.yaml')}: domain: must be a DNS name in lower case`,
    action: 'Correct what is named there, then start it again.',
  });
});

test.each([
  ['a wrong type', () => ({ ...edgeConfig, http: { host: '127.0.0.1', port: 'x' } }), 'http.port: '],
  ['a missing key', () => ({ ...edgeConfig, domain: undefined }), 'domain: '],
  ['an unknown key', () => ({ ...edgeConfig, htpp: 1 }), 'htpp: '],
  ['an unknown key deep inside', () => ({ ...edgeConfig, http: { host: 'a', port: 1, tls: true } }), 'http.tls: '],
  ['no mapping', () => '- 1', 'the document: '],
  ['no YAML', () => 'a: [', 'not YAML'],
])('the configuration names %s', async (_, content, words) => {
  const result = await readEdgeConfig(await configFile('bad.yaml', content()));
  expect(result.ok ? '' : result.problem).toContain(words);
  expect(result.ok ? '' : result.problem).toContain('bad.yaml');
});

test('paths are relative to the file', async () => {
  const result = await readOperatorConfig(await configFile('operator.yaml', operatorConfig));
  expect(result.ok && result.value.probeTokenFile).toBe(file('probe-token'));
});

test('a probe token is trimmed, and a short one refused', async () => {
  expect(await readProbeToken(file('probe-token'))).toEqual({ ok: true, value: 'a-probe-token-for-tests-only' });
  expect(await readProbeToken(file('short-token'))).toMatchObject({ ok: false });
});
