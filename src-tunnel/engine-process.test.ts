/**
 * The engine as the process it is when shipped: forked, spoken to over IPC, ended with its parent.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, expect, test } from 'vitest';

import type { AgentToEngine, EngineToAgent } from '#contract/engine.ts';

import { selfSigned } from './testing/certificates.ts';
import { connector, createCleanup, newKey, startEdge, until } from './testing/tunnel.ts';

const cleanup = createCleanup();
const certificate = await selfSigned();
afterEach(() => cleanup.run());

const entry = fileURLToPath(new URL('engine-main.ts', import.meta.url));
/** Sources run as they are only where Node strips types; elsewhere the bundle is tested end to end. */
const runsTypeScript = (process.features as { readonly typescript?: unknown }).typescript === 'strip';

type Forked = {
  readonly child: ChildProcess;
  readonly messages: EngineToAgent[];
  readonly output: () => string;
  readonly exitCode: () => number | null | undefined;
  readonly send: (message: AgentToEngine | object) => void;
};

function start(env: Readonly<Record<string, string>> = {}): Forked {
  const child = fork(entry, { silent: true, env: { ...process.env, ...env } });
  const messages: EngineToAgent[] = [];
  let output = '';
  let code: number | null | undefined;
  child.on('message', (message) => messages.push(message as EngineToAgent));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  child.on('exit', (exit) => {
    code = exit;
  });
  cleanup.add(() => child.kill('SIGKILL'));
  return { child, messages, output: () => output, exitCode: () => code, send: (message) => child.send(message) };
}

test.runIf(runsTypeScript)('it connects, answers the heartbeat, drains and exits 0', async () => {
  const edge = await startEdge(cleanup, certificate);
  const engine = start();
  await until(() => engine.messages.some(({ type }) => type === 'started'));
  expect(engine.messages[0]).toEqual({ type: 'started', pid: engine.child.pid });
  engine.send({ type: 'identity', privateKey: newKey(), agentVersion: '1.2.3' });
  engine.send({ type: 'apply', config: { version: 7, connector, edges: [edge.target], allow: [] } });
  await until(() => edge.sessions.length === 1);
  await until(() =>
    engine.messages.some((message) => {
      if (message.type !== 'report') return false;
      return message.report.appliedVersion === 7 && message.report.connections[0]?.phase === 'connected';
    }),
  );
  engine.send({ type: 'ping', id: 42 });
  await until(() => engine.messages.some((message) => message.type === 'pong' && message.id === 42));
  engine.send({ type: 'drain', graceMs: 1000 });
  await until(() => engine.exitCode() !== undefined);
  expect(engine.exitCode()).toBe(0);
  await until(() => edge.sessions.length === 0);
});

test.runIf(runsTypeScript)('it survives messages it does not understand and never tells the key', async () => {
  const engine = start();
  const key = newKey();
  const secret = key.split('\n')[1] ?? '';
  engine.send({ type: 'apply', config: { version: 1, connector: null, edges: [], allow: [] } });
  engine.send({ type: 'nonsense' });
  engine.send({ type: 'identity', privateKey: key, agentVersion: 5 });
  engine.send({ type: 'identity', privateKey: key });
  engine.send({ type: 'identity', privateKey: key });
  engine.send({ type: 'apply', config: { version: 'x', privateKey: key } });
  engine.send({ type: 'ping', id: 1 });
  await until(() => engine.messages.some(({ type }) => type === 'pong'));
  const logged = JSON.stringify(engine.messages);
  expect(logged).toContain('a message was not understood');
  expect(logged).not.toContain(secret);

  const broken = start();
  broken.send({ type: 'identity', privateKey: `${secret} is no PEM` });
  await until(() => broken.exitCode() !== undefined);
  expect(broken.exitCode()).toBe(1);
  expect(JSON.stringify(broken.messages) + broken.output()).not.toContain(secret);
});

test.runIf(runsTypeScript)('what the system trusts does not count for the edge', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-'));
  cleanup.add(() => rm(directory, { recursive: true }));
  const file = join(directory, 'system.pem');
  await writeFile(file, certificate.cert);
  const edge = await startEdge(cleanup, certificate);
  const engine = start({ NODE_EXTRA_CA_CERTS: file, NODE_TLS_REJECT_UNAUTHORIZED: '0' });
  engine.send({ type: 'identity', privateKey: newKey() });
  const other = await selfSigned();
  for (const [version, caBundle] of [
    [1, ''],
    [2, other.cert],
  ] as const) {
    engine.send({ type: 'apply', config: { version, connector, edges: [{ ...edge.target, caBundle }], allow: [] } });
    await until(() =>
      engine.messages.some((message) => {
        if (message.type !== 'report' || message.report.appliedVersion !== version) return false;
        return message.report.connections.some(({ problem }) => problem?.code === 'SP_TUNNEL_UNTRUSTED');
      }),
    );
  }
  expect(edge.sessions).toEqual([]);
});

test.runIf(runsTypeScript)('it ends when its parent goes away', async () => {
  const engine = start();
  engine.send({ type: 'identity', privateKey: newKey() });
  await until(() => engine.messages.some(({ type }) => type === 'started'));
  engine.child.disconnect();
  await until(() => engine.exitCode() !== undefined);
  expect(engine.exitCode()).toBe(0);
});

test.runIf(runsTypeScript)('started by hand it says that it is not for that', async () => {
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'pipe'] });
  const code = await new Promise((resolve) => {
    child.once('exit', resolve);
  });
  expect(code).toBe(64);
});
