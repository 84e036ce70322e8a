/**
 * Makes sure that `dist` is what the sources make.
 */
import { spawnSync } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What goes into `dist`, beside the folders of sources. */
const sources = ['package.json', 'package-lock.json', 'crds', 'assets', 'scripts/build.ts', 'scripts/build'];

/** Not bundled. */
const isForTests = (name: string): boolean => /\.test\.tsx?$|^test-|^testing$/.test(name);

async function isNewer(path: string, thanMs: number): Promise<boolean> {
  const found = await stat(path);
  if (found.mtimeMs > thanMs) return true;
  if (!found.isDirectory()) return false;
  const names = (await readdir(path)).filter((name) => !isForTests(name));
  const answers = await Promise.all(names.map((name) => isNewer(join(path, name), thanMs)));
  return answers.includes(true);
}

/** False if `dist` is missing, or anything it is made of has changed since. */
async function isBuilt(root: string): Promise<boolean> {
  const built = await stat(join(root, 'dist/built.json')).catch(() => null);
  if (built === null) return false;
  const folders = (await readdir(root)).filter((name) => name.startsWith('src-'));
  const newer = await Promise.all([...folders, ...sources].map((name) => isNewer(join(root, name), built.mtimeMs)));
  return !newer.includes(true);
}

/** Builds if necessary; false if that failed, which the build has explained. */
export async function ensureBuilt(root: string): Promise<boolean> {
  if (await isBuilt(root)) return true;
  return spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { stdio: 'inherit' }).status === 0;
}
