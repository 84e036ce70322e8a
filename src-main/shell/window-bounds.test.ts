import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { placeWindow, readBounds, writeBounds } from './window-bounds.ts';

const screen = { x: 0, y: 0, width: 1920, height: 1080 };
const saved = { x: 100, y: 50, width: 1000, height: 700, maximized: false };
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sp-bounds-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what was written is read back', async () => {
  const path = join(folder, 'window.json');
  expect(await writeBounds(path, saved)).toBe(true);
  expect(await readBounds(path)).toEqual(saved);
});

test.each(['', '{', '{"x":0}', '{"x":0,"y":0,"width":-1,"height":1,"maximized":false}', 'null'])(
  'a file that says %j counts as none',
  async (text) => {
    const path = join(folder, 'damaged.json');
    await writeFile(path, text);
    expect(await readBounds(path)).toBeNull();
  },
);

test('a folder that is not there is no harm', async () => {
  expect(await writeBounds(join(folder, 'none/window.json'), saved)).toBe(false);
});

test('the window opens where it was, if that is still on a screen', () => {
  expect(placeWindow(saved, [screen])).toEqual({ x: 100, y: 50, width: 1000, height: 700 });
  const onSecond = { ...saved, x: 2000 };
  expect(placeWindow(onSecond, [screen, { ...screen, x: 1920 }])).toMatchObject({ x: 2000 });
});

test.each([
  ['beside all screens', { ...saved, x: 2000 }],
  ['above', { ...saved, y: -500 }],
  ['below', { ...saved, y: 1075 }],
  ['with no more than its edge on a screen', { ...saved, x: 1900 }],
])('it is centred when it was %s', (_where, bounds) => {
  expect(placeWindow(bounds, [screen])).toEqual({ width: 1000, height: 700 });
});

test('it is never too small to use', () => {
  expect(placeWindow({ ...saved, width: 1, height: 1 }, [screen])).toMatchObject({ width: 640, height: 480 });
});
