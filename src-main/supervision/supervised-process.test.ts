/**
 * Supervision of real child processes of Node.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { createManualClock } from '#base/manual-clock.ts';

import { launchNodeProcess, type NodeProcess } from './node-process.ts';
import {
  breaker,
  superviseProcess,
  type LaunchedProcess,
  type SupervisedPhase,
  type SupervisedProcess,
} from './supervised-process.ts';

let directory: string;
let supervised: SupervisedProcess<NodeProcess> | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-supervise-'));
});
afterEach(async () => {
  await supervised?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Supervises a program that says it is ready by its first line. */
async function supervise(program: string, readyTimeoutMs = 10_000): Promise<SupervisedProcess<NodeProcess>> {
  const entryPath = join(directory, 'program.mjs');
  await writeFile(entryPath, program);
  supervised = superviseProcess<NodeProcess>({
    name: 'program',
    launch: () => launchNodeProcess({ nodePath: process.execPath, entryPath, env: { SECRET: 'x', PATH: '/bin' } }),
    attach: (child, ready) => child.onLine(() => ready()),
    askToStop: (child) => child.terminate(),
    stopGraceMs: 300,
    readyTimeoutMs,
    clock: systemClock,
    random: () => 0,
    log: silentLogger,
  });
  return supervised;
}

const steady = `console.log('ready'); setInterval(() => {}, 1000);`;

it('restarts a process that was killed, as another process', async () => {
  const process = await supervise(steady);
  process.start();
  await vi.waitFor(() => expect(process.state.phase).toBe('running'), 5000);
  const { pid } = process.state;
  process.kill();
  await vi.waitFor(() => expect(process.state).toMatchObject({ phase: 'running', restarts: 1 }), 5000);
  expect(process.state.pid).not.toBe(pid);
});

it('tries a crash loop less often, says when, and runs what was mended as soon as somebody asks', async () => {
  const process = await supervise(`process.exit(1)`);
  const phases: SupervisedPhase[] = [];
  process.onChange(({ phase }) => phases.push(phase));
  process.start();
  await vi.waitFor(() => expect(process.state.phase).toBe('faulted'), 8000);
  expect(process.state.restarts).toBe(4);
  expect(phases).not.toContain('running');
  expect(Date.parse(process.state.retryAt ?? '') - Date.now()).toBeGreaterThan(20_000);

  process.retryNow();
  expect(process.state).toMatchObject({ phase: 'restarting', restarts: 5, retryAt: null });
  await vi.waitFor(() => expect(process.state.phase).toBe('faulted'), 8000);
  expect(process.state.restarts).toBe(5);

  await writeFile(join(directory, 'program.mjs'), steady);
  process.retryNow();
  await vi.waitFor(() => expect(process.state).toMatchObject({ phase: 'running', retryAt: null }), 5000);
});

it('goes on trying by itself, after pauses that grow to ten minutes, and starts over once it has proven itself', () => {
  const clock = createManualClock();
  let exit: () => void = () => {};
  let launches = 0;
  const scripted = superviseProcess<LaunchedProcess>({
    name: 'scripted',
    launch: () => {
      launches += 1;
      return {
        pid: launches,
        kill: () => exit(),
        onExit: (listener) => {
          exit = () => listener({ code: 1, signal: null });
        },
      };
    },
    attach: (_process, ready) => ready(),
    askToStop: () => exit(),
    stopGraceMs: 300,
    readyTimeoutMs: 1000,
    clock,
    random: () => 0,
    log: silentLogger,
  });
  const exitUntilFaulted = (): void => {
    for (let count = 1; count < breaker.exits; count += 1) {
      exit();
      clock.advance(5000);
      expect(scripted.state.phase).toBe('running');
    }
    exit();
    expect(scripted.state.phase).toBe('faulted');
  };
  scripted.start();
  exitUntilFaulted();
  const pauses = Array.from({ length: 7 }, () => {
    const pauseMs = Date.parse(scripted.state.retryAt ?? '') - clock.now();
    clock.advance(pauseMs - 1);
    expect(scripted.state.phase).toBe('faulted');
    clock.advance(1);
    expect(scripted.state.phase).toBe('running');
    exit();
    return pauseMs / 1000;
  });
  expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600]);

  clock.advance(600_000);
  clock.advance(10_000);
  exitUntilFaulted();
  expect(Date.parse(scripted.state.retryAt ?? '') - clock.now()).toBe(30_000);
  void scripted.stop();
  clock.advance(3_600_000);
  expect(scripted.state).toMatchObject({ phase: 'stopped', retryAt: null });
});

it('kills a process that never becomes ready', async () => {
  const process = await supervise(`setInterval(() => {}, 1000);`, 100);
  process.start();
  await vi.waitFor(() => expect(process.state.restarts).toBeGreaterThan(0), 5000);
});

it('ends a process that ignores the request to end, and does not restart it', async () => {
  const process = await supervise(`process.on('SIGTERM', () => {}); ${steady}`);
  process.start();
  await vi.waitFor(() => expect(process.state.phase).toBe('running'), 5000);
  await process.stop();
  expect(process.state).toMatchObject({ phase: 'stopped', pid: null, restarts: 0 });
});

it('becomes faulted, not stuck, when the program cannot be started at all', async () => {
  supervised = superviseProcess<NodeProcess>({
    name: 'missing',
    launch: () => launchNodeProcess({ nodePath: join(directory, 'no-node'), entryPath: 'x', env: {} }),
    attach: () => {},
    askToStop: (child) => child.terminate(),
    stopGraceMs: 300,
    readyTimeoutMs: 1000,
    clock: systemClock,
    random: () => 0,
    log: silentLogger,
  });
  supervised.start();
  await vi.waitFor(() => expect(supervised?.state.phase).toBe('faulted'), 5000);
});

it('keeps the parent’s secrets from the child', async () => {
  const process = await supervise(`console.log(JSON.stringify(process.env)); setInterval(() => {}, 1000);`);
  const lines: string[] = [];
  process.start();
  process.process?.onLine((line) => lines.push(line));
  await vi.waitFor(() => expect(lines).toHaveLength(1), 5000);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ PATH: '/bin' });
  expect(lines[0]).not.toContain('SECRET');
});

it('takes a launch that fails for one more exit, and tries again', async () => {
  const entryPath = join(directory, 'program.mjs');
  await writeFile(entryPath, steady);
  let launches = 0;
  supervised = superviseProcess<NodeProcess>({
    name: 'program',
    launch: () => {
      launches += 1;
      if (launches === 1) throw new Error('no descriptor left');
      return launchNodeProcess({ nodePath: process.execPath, entryPath, env: {} });
    },
    attach: (child, ready) => child.onLine(() => ready()),
    askToStop: (child) => child.terminate(),
    stopGraceMs: 300,
    readyTimeoutMs: 10_000,
    clock: systemClock,
    random: () => 0,
    log: silentLogger,
  });
  supervised.start();
  await vi.waitFor(() => expect(supervised?.state).toMatchObject({ phase: 'running', restarts: 1 }), 5000);
});
