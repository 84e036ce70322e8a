/**
 * Builds a Go program of the tests into .runtime, unless what is there was built from the same by the same compiler.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { repository } from './sallyport.ts';

const run = promisify(execFile);

const suffix = process.platform === 'win32' ? '.exe' : '';
/** From nothing, on two busy cores and a slow network. */
const buildTimeoutMs = 30 * 60_000;
const maxOutputBytes = 16 << 20;

export type GoModule = {
  /** The folder with go.mod, and a folder for each program. */
  readonly sources: string;
  /** Name of the folder in .runtime where the programs go. */
  readonly output: string;
  /** A sentence for a person who has no Go, or one that is too old: what needs it, and what to do. */
  readonly remedy: string;
};

export type BuiltProgram = {
  readonly path: string;
  /** false if it was there already. */
  readonly isNew: boolean;
  readonly buildMs: number;
};

/** What a machine lacks to build; the message is for the person who runs the tests. */
export class CannotBuild extends Error {
  override readonly name = 'CannotBuild';
}

/** Builds `module`'s program `name`. Throws CannotBuild where Go is missing or the build fails. */
export async function buildGoProgram(
  module: GoModule,
  name: string,
  linkerFlags: readonly string[] = [],
): Promise<BuiltProgram> {
  const output = join(repository, '.runtime', module.output);
  const path = join(output, `${name}${suffix}`);
  const stamp = `${path}.json`;
  const recipe = JSON.stringify({ go: await goVersion(module), sources: await digestOfSources(module, name) });
  if ((await readIfThere(stamp)) === recipe && (await exists(path))) return { path, isNew: false, buildMs: 0 };

  await mkdir(output, { recursive: true });
  const started = performance.now();
  // Under a name of its own first: another test run may be using, or building, the program right now.
  const temporary = `${path}.${process.pid}`;
  const flags = [`-ldflags=${['-s', '-w', ...linkerFlags].join(' ')}`, '-mod=readonly', '-buildvcs=false'];
  try {
    await run('go', ['build', ...flags, '-o', temporary, `./${name}`], {
      cwd: module.sources,
      // Only go.mod and go.sum say what is built; a workspace around this repository would change it.
      env: { ...process.env, GOWORK: 'off' },
      timeout: buildTimeoutMs,
      maxBuffer: maxOutputBytes,
    });
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    throw new CannotBuild(`go build of ${name} failed:\n${stderr ?? String(error)}`, { cause: error });
  }
  await rename(temporary, path);
  await writeFile(stamp, recipe);
  return { path, isNew: true, buildMs: Math.round(performance.now() - started) };
}

async function goVersion({ sources, remedy }: GoModule): Promise<string> {
  try {
    return (await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: sources })).stdout.trim();
  } catch (error) {
    const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
    const reason = code === 'ENOENT' ? 'There is no "go" on the PATH' : `"go env" failed: ${stderr.trim()}`;
    throw new CannotBuild(`${reason}. ${remedy}`, { cause: error });
  }
}

async function digestOfSources({ sources }: GoModule, name: string): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(join(sources, name))).filter((file) => file.endsWith('.go')).toSorted();
  for (const file of ['go.mod', 'go.sum', ...files.map((each) => join(name, each))]) {
    // A module of the standard library alone has no go.sum.
    hash.update(`${file}\n`).update((await readIfThere(join(sources, file))) ?? '');
  }
  return hash.digest('hex');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
