/**
 * Electron for tests as an ordinary user: Chromium's sandbox does not exist for root, and the product is not run by root.
 */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Debian's `nobody`: owns nothing, so that the app can only write where the tests let it. */
export const ordinaryUserId = 65_534;

/** The switch and its arguments that end root's rights for good. */
const dropRights = [`--reuid=${ordinaryUserId}`, `--regid=${ordinaryUserId}`, '--clear-groups', '--inh-caps=-all'];

/**
 * Where this runs as root on Linux, the path of a script that starts `electron` as an ordinary user; else null. Also
 * null, with a word on why, where that user cannot read the repository.
 */
export async function electronAsOrdinaryUser(electron: string, root: string): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const { status } = spawnSync('setpriv', [...dropRights, 'test', '-x', electron, '-a', '-r', join(root, 'dist')]);
  if (status !== 0) {
    console.error(`An ordinary user cannot read ${root}: Electron is tested as root, without Chromium's sandbox.`);
    return null;
  }
  const script = join(root, '.runtime/electron-as-ordinary-user');
  await mkdir(dirname(script), { recursive: true });
  await writeFile(script, `#!/bin/sh\nexec setpriv ${dropRights.join(' ')} '${electron}' "$@"\n`);
  await chmod(script, 0o755);
  return script;
}
