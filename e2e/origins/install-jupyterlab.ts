/**
 * Installs JupyterLab from PyPI into a virtual environment of its own below .runtime/, once for each list of versions.
 *
 *   node e2e/origins/install-jupyterlab.ts     exit code 69 (EX_UNAVAILABLE) where there is no Python to do it with
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { jupyterFolder } from './jupyter-lab.ts';

const unavailable = 69;
const requirements = join(import.meta.dirname, 'jupyterlab-requirements.txt');
const stamp = join(jupyterFolder, 'installed-from.txt');
const limitMs = 10 * 60_000;

function works(program: string, args: readonly string[]): boolean {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: limitMs });
  return status === 0;
}

const wanted = await readFile(requirements, 'utf8');
if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) {
  // A virtual environment knows its own path, so it is made in place; without the stamp it does not count.
  await rm(jupyterFolder, { recursive: true, force: true });
  await mkdir(dirname(jupyterFolder), { recursive: true });
  const pip = join(jupyterFolder, 'bin/pip');
  const installed =
    works('python3', ['-m', 'venv', jupyterFolder]) &&
    works(pip, ['install', '--quiet', '--disable-pip-version-check', '--no-deps', '--requirement', requirements]);
  if (!installed) {
    console.error('JupyterLab could not be installed: it takes Python 3.11 or newer with venv, and PyPI.');
    await rm(jupyterFolder, { recursive: true, force: true });
    process.exit(unavailable);
  }
  await writeFile(`${stamp}.new`, wanted);
  await rename(`${stamp}.new`, stamp);
}
