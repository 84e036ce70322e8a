/**
 * The official Electron: the binary that belongs to the `electron` package in `node_modules`, and its download.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runProgram } from './run-program.ts';

/** An answer of any kind within this time shows that the download can be reached at all. */
const reachTimeoutMs = 10_000;
const downloadTimeoutMs = 600_000;

/** Path of the executable inside a folder of Electron's binaries. */
export function executableIn(directory: string, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(directory, 'Electron.app', 'Contents', 'MacOS', 'Electron');
  return join(directory, platform === 'win32' ? 'electron.exe' : 'electron');
}

/** The version that the binaries in `directory` say they are, or null. */
export async function versionIn(directory: string): Promise<string | null> {
  const text = await readFile(join(directory, 'version'), 'utf8').catch(() => null);
  return text === null ? null : text.trim().replace(/^v/, '');
}

/** The version of Electron that package.json asks for. */
async function officialVersion(root: string): Promise<string> {
  const manifest = await readFile(join(root, 'node_modules/electron/package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Folder of the official binary if it is there and of the right version. */
export async function findOfficial(root: string): Promise<string | null> {
  const directory = join(root, 'node_modules/electron/dist');
  const complete = existsSync(executableIn(directory, process.platform));
  return complete && (await versionIn(directory)) === (await officialVersion(root)) ? directory : null;
}

/** Why the download cannot be reached, or null if it can. */
async function obstacle(version: string): Promise<string | null> {
  const mirror = process.env['ELECTRON_MIRROR'] ?? process.env['npm_config_electron_mirror'];
  const base = mirror ?? 'https://github.com/electron/electron/releases/download/';
  const file = `v${version}/electron-v${version}-${process.platform}-${process.arch}.zip`;
  try {
    await fetch(new URL(file, base), {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(reachTimeoutMs),
    });
    return null;
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return cause instanceof Error ? cause.message : String(error);
  }
}

/** Downloads the official binary by the package's own installer. Returns why that failed, or null. */
export async function downloadOfficial(root: string): Promise<string | null> {
  const unreachable = await obstacle(await officialVersion(root));
  if (unreachable !== null) return `its download cannot be reached (${unreachable})`;
  const installer = join(root, 'node_modules/electron/install.js');
  const installed = await runProgram(process.execPath, [installer], { cwd: root, timeoutMs: downloadTimeoutMs });
  return installed.ok ? null : `its installer failed (${installed.stderr.trim().split('\n')[0] ?? ''})`;
}
