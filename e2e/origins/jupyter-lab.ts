/**
 * A real JupyterLab with one notebook: REST, WebSockets to kernels, a large page.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startChild } from '../processes/child.ts';
import { freePorts } from '../processes/free-ports.ts';

/** Where `install-jupyterlab.ts` puts it. */
export const jupyterFolder = join(import.meta.dirname, '../../.runtime/jupyterlab');
const program = join(jupyterFolder, 'bin/jupyter-lab');

export const hasJupyterLab = existsSync(join(jupyterFolder, 'installed-from.txt'));

export type JupyterLab = {
  readonly port: number;
  /** Path of the notebook in the lab, with the token that opens it. */
  readonly notebookPath: string;
  close(): Promise<void>;
};

const startWithinMs = 60_000;

/** `cells` are the sources of the notebook's code cells. */
export async function startJupyterLab(cells: readonly string[]): Promise<JupyterLab> {
  const home = await mkdtemp(join(tmpdir(), 'sp-jupyter-'));
  const notebook = {
    cells: cells.map((source, index) => ({
      id: `cell-${index}`,
      cell_type: 'code',
      source,
      metadata: {},
      outputs: [],
      execution_count: null,
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  await writeFile(join(home, 'demo.ipynb'), JSON.stringify(notebook));
  const [port = 0] = await freePorts(1);
  const token = 'a-token-for-this-test';
  const server = startChild(
    program,
    [
      '--no-browser',
      '--allow-root',
      `--ServerApp.port=${port}`,
      '--ServerApp.port_retries=0',
      `--ServerApp.root_dir=${home}`,
      `--IdentityProvider.token=${token}`,
      // Jupyter answers only to names of this machine unless it is told that it is published.
      '--ServerApp.allow_remote_access=True',
      '--LabApp.news_url=None',
    ],
    // A home of its own: no settings, no runtime files, no history of whoever runs the tests.
    { env: { ...process.env, HOME: home, JUPYTER_PREFER_ENV_PATH: '1', PYTHONDONTWRITEBYTECODE: '1' }, cwd: home },
  );
  const end = Date.now() + startWithinMs;
  while (!(await answers(`http://127.0.0.1:${port}/api`))) {
    if (Date.now() > end) throw new Error(`JupyterLab did not start:\n${server.output.slice(-20).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    port,
    notebookPath: `/lab/tree/demo.ipynb?token=${token}`,
    close: async () => {
      await server.end('SIGTERM');
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
