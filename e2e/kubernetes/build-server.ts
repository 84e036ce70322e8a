/**
 * Builds the Kubernetes API server of the tests from pinned Go modules, unless what is there was built from the same.
 *
 * `node e2e/kubernetes/build-server.ts` builds it ahead of the tests and says in one JSON line what it did.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { repository } from '../processes/sallyport.ts';

const run = promisify(execFile);

const sources = join(import.meta.dirname, 'programs');
const output = join(repository, '.runtime/kubernetes');
const suffix = process.platform === 'win32' ? '.exe' : '';
/** From nothing, on two busy cores and a slow network. */
const buildTimeoutMs = 30 * 60_000;
const oldestKubectlMinor = 30;
const maxOutputBytes = 16 << 20;

export type BuiltProgram = {
  readonly path: string;
  /** false if it was there already. */
  readonly isNew: boolean;
  readonly buildMs: number;
};

/** What a machine lacks to build; the message is for the person who runs the tests. */
class CannotBuild extends Error {
  override readonly name = 'CannotBuild';
}

/** The API server. Throws CannotBuild where Go is missing or the build fails. */
export function buildServer(): Promise<BuiltProgram> {
  return build('server');
}

/** kubectl: the machine's if it is 1.30 or newer, else one built from the same modules. Throws CannotBuild. */
export async function provideKubectl(): Promise<string> {
  const minor = await kubectlMinor();
  return minor !== null && minor >= oldestKubectlMinor ? 'kubectl' : (await build('kubectl')).path;
}

async function kubectlMinor(): Promise<number | null> {
  try {
    const { stdout } = await run('kubectl', ['version', '--client', '--output=json']);
    const { clientVersion } = JSON.parse(stdout) as { readonly clientVersion?: { readonly minor?: string } };
    return Number.parseInt(clientVersion?.minor ?? '', 10) || null;
  } catch {
    return null;
  }
}

async function build(name: 'server' | 'kubectl'): Promise<BuiltProgram> {
  const path = join(output, `${name}${suffix}`);
  const stamp = `${path}.json`;
  const recipe = JSON.stringify({ go: await goVersion(), sources: await digestOfSources(name) });
  if ((await readIfThere(stamp)) === recipe && (await exists(path))) return { path, isNew: false, buildMs: 0 };

  await mkdir(output, { recursive: true });
  const started = performance.now();
  // Under a name of its own first: another test run may be using, or building, the program right now.
  const temporary = `${path}.${process.pid}`;
  const flags = [`-ldflags=${await linkerFlags()}`, '-mod=readonly', '-buildvcs=false'];
  try {
    await run('go', ['build', ...flags, '-o', temporary, `./${name}`], {
      cwd: sources,
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

async function goVersion(): Promise<string> {
  try {
    return (await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: sources })).stdout.trim();
  } catch (error) {
    const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
    const reason = code === 'ENOENT' ? 'there is no "go" on the PATH' : `"go env" failed: ${stderr.trim()}`;
    throw new CannotBuild(
      `The Kubernetes API server of these tests is built with Go 1.26 or newer, and ${reason}. ` +
        'Install Go, or name a folder with kube-apiserver and etcd in KUBEBUILDER_ASSETS.',
      { cause: error },
    );
  }
}

async function digestOfSources(name: string): Promise<string> {
  const hash = createHash('sha256');
  const files = (await readdir(join(sources, name))).filter((file) => file.endsWith('.go')).toSorted();
  for (const file of ['go.mod', 'go.sum', ...files.map((each) => join(name, each))]) {
    hash.update(`${file}\n`).update(await readFile(join(sources, file)));
  }
  return hash.digest('hex');
}

/** Without them programs say that they are version 0.0.0, which clients refuse. */
async function linkerFlags(): Promise<string> {
  const version = /^\tk8s\.io\/kubernetes v((\d+)\.(\d+)\S*)$/m.exec(await readFile(join(sources, 'go.mod'), 'utf8'));
  if (version === null) throw new CannotBuild('go.mod names no version of k8s.io/kubernetes');
  const variables = { gitVersion: `v${version[1]}`, gitMajor: version[2], gitMinor: version[3] };
  const settings = Object.entries(variables).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
  return ['-s', '-w', ...settings].join(' ');
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

if (process.argv[1] === import.meta.filename) {
  try {
    process.stdout.write(`${JSON.stringify({ event: 'built', ...(await buildServer()) })}\n`);
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 69;
  }
}
