/**
 * Checks who imports whom, against scripts/arch-check/import-table.ts.
 *
 * First proves on planted faults that it can fail; then judges every module, and fails if it saw fewer than git knows.
 */
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, posix, relative, sep } from 'node:path';

import { canaries } from './arch-check/canaries.ts';
import { importTable } from './arch-check/import-table.ts';
import { judge, type SourceModule } from './arch-check/judge.ts';

const root = join(import.meta.dirname, '..');
const extensions = new Set(['.ts', '.tsx', '.mjs']);

const isModule = (path: string): boolean => extensions.has(extname(path)) && !path.endsWith('.d.ts');

async function readFolder(folder: string): Promise<SourceModule[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() && isModule(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join(posix.sep));
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

/** Counted another way than by reading folders, so that a mistake in one shows. */
function countByGit(folders: readonly string[]): number {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...folders];
  const known = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(isModule);
  const deleted = execFileSync('git', ['ls-files', '--deleted', '--', ...folders], { cwd: root, encoding: 'utf8' });
  const gone = new Set(deleted.split('\n'));
  return known.filter((path) => !gone.has(path)).length;
}

function proveThatItCanFail(): string | null {
  const silent = canaries.find((canary) => judge([canary]).length === 0);
  return silent === undefined ? null : `The check is blind: it found nothing wrong in\n${silent.path}\n${silent.text}`;
}

const sourceFolders = (await readdir(root)).filter((name) => name.startsWith('src-'));
const folders = [...new Set([...sourceFolders, 'scripts', 'bench', 'e2e'])];
const modules = (await Promise.all(folders.map(readFolder))).flat();
const expected = countByGit(folders);
const violations = judge(modules);

const problems = [
  proveThatItCanFail(),
  modules.length < expected ? `Only ${modules.length} of ${expected} modules were seen.` : null,
  ...violations.map(({ path, message }) => `${path} ${message}`),
].filter((problem) => problem !== null);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else {
  console.log(
    `${modules.length} modules in ${Object.keys(importTable).length} parts, ${canaries.length} planted faults found.`,
  );
}
