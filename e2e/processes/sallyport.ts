/**
 * The command line of Sallyport as a user runs it, each call with a profile folder of its own.
 */
import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startChild, type Child } from './child.ts';

export const repository = join(import.meta.dirname, '../..');
export const launcher = join(repository, 'src-cli/sallyport.mjs');

/** A folder for SALLYPORT_HOME. Short, since a local socket's path has at most 107 bytes. */
export async function makeHome(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sp-'));
  // Electron runs as an ordinary user where the tests run as root.
  const user = process.env['SALLYPORT_TEST_USER'];
  if (user !== undefined) await chown(path, Number(user), Number(user));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** The environment of a call: a profile of its own, and no kubeconfig of whoever runs the tests. */
function environment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: home, KUBECONFIG: '', SALLYPORT_HOME: home, NO_COLOR: '1' };
}

/** Starts `sallyport ARGS` and leaves it running. */
export function startSallyport(home: string, args: readonly string[]): Child {
  return startChild(process.execPath, [launcher, ...args], {
    cwd: repository,
    env: environment(home),
  });
}

/** Runs `sallyport ARGS` to its end. */
export async function runSallyport(
  home: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [launcher, ...args], {
      cwd: repository,
      env: environment(home),
      timeout: 60_000,
    });
    return { code: 0, stdout, stderr };
  } catch (thrown) {
    const failure = thrown as { code?: number; stdout?: string; stderr?: string };
    if (typeof failure.code !== 'number') throw thrown;
    return { code: failure.code, stdout: failure.stdout ?? '', stderr: failure.stderr ?? '' };
  }
}

/** Answer of `serve --json` once the URL was proven. */
export type Serving = { readonly url: string; readonly name: string; readonly connector: string };

/** Answer of `playground --json`. */
export type PlaygroundReady = { readonly kubeconfig: string; readonly edge: { readonly http: string } };
