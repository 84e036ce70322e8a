/**
 * The engine's host with real processes that crash, hang or refuse to end; its clock runs ten times as fast.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';

import { createEngineHost, type EngineHost } from './engine-host.ts';
import { createChildEngineLauncher } from './engine-launcher.ts';

const speed = 10;
const fastClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * speed,
  after: (delayMs, run) => systemClock.after(delayMs / speed, run),
};
const patience = { timeout: 10_000, interval: 20 };

/** An engine that writes down what it is told and answers pings as `onPing` says. */
const program = (onPing: string): string => `
import { appendFileSync } from 'node:fs';
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  if (message.type === 'ping') { ${onPing} return; }
  appendFileSync(process.argv[1] + '.log', JSON.stringify({ pid: process.pid, ...message }) + '\\n');
  if (message.type === 'drain') process.exit(0);
});
process.send({ type: 'started', pid: process.pid });
`;
const healthy = program(`process.send({ type: 'pong', id: message.id });`);
const hanging = program('');

let directory: string;
let host: EngineHost;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-engine-'));
});
afterEach(async () => {
  await host.stop();
  await rm(directory, { recursive: true, force: true });
});

type Told = { pid: number; type: string; config?: { version: number; allow: unknown[] }; privateKey?: string };

async function told(): Promise<readonly Told[]> {
  const text = await readFile(join(directory, 'engine.mjs.log'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told);
}

async function startHost(source: string): Promise<void> {
  const entryPath = join(directory, 'engine.mjs');
  await writeFile(entryPath, source);
  host = createEngineHost({
    launcher: createChildEngineLauncher({ nodePath: process.execPath, entryPath, env: process.env }),
    privateKey: new Secret('the key'),
    agentVersion: '1.2.3',
    drainGraceMs: 1000 * speed,
    clock: fastClock,
    random: () => 0,
    log: silentLogger,
  });
  host.start();
}

const config = (port: number) => ({
  connector: null,
  edges: [],
  allow: [{ host: 'localhost', port, protocol: 'TCP' as const }],
});

it('tells a new engine who it is and everything it shall do, also after a crash', async () => {
  await startHost(healthy);
  host.apply(config(3000));
  host.apply(config(4000));
  await vi.waitFor(async () => expect((await told()).at(-1)?.config).toMatchObject(config(4000)), patience);
  const first = host.state.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(async () => {
    const after = (await told()).filter(({ pid }) => pid !== first);
    expect(after.map(({ type }) => type)).toEqual(['identity', 'apply']);
    expect(after[0]?.privateKey).toBe('the key');
    expect(after[1]?.config).toMatchObject(config(4000));
  }, patience);
  expect(host.state).toMatchObject({ phase: 'running', restarts: 1 });
});

it('sends each configuration with a higher version', async () => {
  await startHost(healthy);
  await vi.waitFor(() => expect(host.state.phase).toBe('running'), patience);
  host.apply(config(3000));
  host.apply(config(4000));
  await vi.waitFor(async () => expect((await told()).at(-1)?.config?.allow).toEqual(config(4000).allow), patience);
  const versions = (await told()).flatMap((message) => message.config?.version ?? []);
  expect(versions).toEqual(versions.toSorted((left, right) => left - right));
  expect(new Set(versions).size).toBe(versions.length);
});

it('kills an engine that lives but does not answer', async () => {
  await startHost(hanging);
  await vi.waitFor(() => expect(host.state.restarts).toBeGreaterThan(0), patience);
});

it('lets a healthy engine live', async () => {
  await startHost(healthy);
  await vi.waitFor(() => expect(host.state.phase).toBe('running'), patience);
  // Far longer, on the host's clock, than a hanging engine is given.
  const until = fastClock.monotonic() + 15_000;
  await vi.waitFor(() => expect(fastClock.monotonic()).toBeGreaterThan(until), patience);
  expect(host.state).toMatchObject({ phase: 'running', restarts: 0 });
});

it('ends the engine by draining it', async () => {
  await startHost(healthy);
  await vi.waitFor(() => expect(host.state.phase).toBe('running'), patience);
  await host.stop();
  expect((await told()).at(-1)?.type).toBe('drain');
  expect(host.state.phase).toBe('stopped');
});
