/**
 * Whether `dist` is what the sources make.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What goes into `dist`. */
const sources = ['package.json', 'package-lock.json', 'crds', 'assets', 'scripts/build.ts', 'scripts/build'];

async function isNewer(path: string, thanMs: number): Promise<boolean> {
  const found = await stat(path);
  if (found.mtimeMs > thanMs) return true;
  if (!found.isDirectory()) return false;
  const names = await readdir(path);
  const answers = await Promise.all(names.map((name) => isNewer(join(path, name), thanMs)));
  return answers.includes(true);
}

/** False if `dist` is missing, or anything it is made of has changed since. */
export async function isBuilt(root: string): Promise<boolean> {
  const built = await stat(join(root, 'dist/built.json')).catch(() => null);
  if (built === null) return false;
  const folders = (await readdir(root)).filter((name) => name.startsWith('src-'));
  const newer = await Promise.all([...folders, ...sources].map((name) => isNewer(join(root, name), built.mtimeMs)));
  return !newer.includes(true);
}
