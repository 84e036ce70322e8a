import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';

import { readArguments } from './command-line.ts';
import { openLogFile } from './log-file.ts';
import { programPaths } from './program-paths.ts';
import { createQuitSequence } from './quit-sequence.ts';

describe('quitting', () => {
  const wish = () => ({ preventDefault: vi.fn<() => void>() });

  test('waits for everything to end, once', async () => {
    const exits: number[] = [];
    let end = (): void => {};
    const windUp = vi.fn<() => Promise<void>>(() => new Promise((resolve) => (end = resolve)));
    const quit = createQuitSequence({
      windUp,
      exit: (code) => exits.push(code),
      clock: systemClock,
      log: silentLogger,
    });
    const events = [wish(), wish()];
    for (const event of events) quit(event);
    for (const event of events) expect(event.preventDefault).toHaveBeenCalledOnce();
    expect(windUp).toHaveBeenCalledOnce();
    expect(exits).toEqual([]);
    end();
    await vi.waitFor(() => expect(exits).toEqual([0]));
  });

  test('says so when winding up fails', async () => {
    const exits: number[] = [];
    const quit = createQuitSequence({
      windUp: () => Promise.reject(new Error('no')),
      exit: (code) => exits.push(code),
      clock: systemClock,
      log: silentLogger,
    });
    quit(wish());
    await vi.waitFor(() => expect(exits).toEqual([1]));
  });

  test('does not wait for what never ends', async () => {
    const exits: number[] = [];
    // Time passes at once.
    const clock: Clock = { ...systemClock, after: (_delayMs, run) => systemClock.after(0, run) };
    const windUp = (): Promise<void> => new Promise(() => {});
    createQuitSequence({ windUp, exit: (code) => exits.push(code), clock, log: silentLogger })(wish());
    await vi.waitFor(() => expect(exits).toEqual([1]));
  });
});

describe('the command line', () => {
  test('knows its switches among Chromium’s', () => {
    expect(readArguments(['--no-sandbox', '/path/to/app', '--hidden', '--profile=work'])).toEqual({
      profile: 'work',
      hidden: true,
      smoke: false,
    });
    expect(readArguments(['--smoke'])).toEqual({ profile: null, hidden: false, smoke: true });
    expect(readArguments(['--profile='])).toMatchObject({ profile: null });
  });
});

describe('the parts of the program', () => {
  const options = { appPath: '/app', resourcesPath: '/res', platform: 'linux', env: {} } as const;

  test('are found in a source tree', () => {
    const paths = programPaths({ ...options, isPackaged: false });
    expect(paths.engine).toBe('/app/dist/node/engine.mjs');
    expect(paths.node).toBe('/app/node_modules/.bin/node');
    expect(programPaths({ ...options, isPackaged: false, env: { SALLYPORT_NODE: '/n' } }).node).toBe('/n');
  });

  test('are found in a package, outside of the archive where Node must read them, whatever the environment says', () => {
    const paths = programPaths({
      ...options,
      appPath: '/res/app.asar',
      isPackaged: true,
      env: { SALLYPORT_NODE: '/evil' },
    });
    expect(paths.node).toBe('/res/node/node');
    expect(paths.renderer).toBe('/res/app.asar/dist/renderer');
    expect(paths.entries.edge).toBe('/res/app.asar.unpacked/dist/node/edge.mjs');
    expect(paths.crds).toBe('/res/app.asar.unpacked/dist/crds');
  });
});

describe('the log file', () => {
  test('keeps all lines in order, and puts a long file aside', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sp-log-'));
    try {
      const path = join(folder, 'app.log');
      await writeFile(path, 'x'.repeat(5_000_001));
      const file = openLogFile(path);
      for (const line of ['one', 'two', 'three']) file.sink(line);
      await file.flush();
      expect(await readFile(path, 'utf8')).toBe('one\ntwo\nthree\n');
      expect((await readdir(folder)).toSorted()).toEqual(['app.log', 'app.log.1']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a disk that refuses does not break the app', async () => {
    const file = openLogFile('/nonexistent/app.log');
    file.sink('line');
    await expect(file.flush()).resolves.toBeUndefined();
  });
});
