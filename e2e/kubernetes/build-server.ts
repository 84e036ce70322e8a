/**
 * The Kubernetes API server of the tests, built from pinned Go modules, and a kubectl that fits it.
 *
 * `node e2e/kubernetes/build-server.ts` builds the server ahead of the tests and says in one JSON line what it did.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { buildGoProgram, CannotBuild, type BuiltProgram, type GoModule } from '../processes/go-program.ts';

const run = promisify(execFile);

const programs: GoModule = {
  sources: join(import.meta.dirname, 'programs'),
  output: 'kubernetes',
  remedy:
    'The Kubernetes API server of these tests is built with Go 1.26 or newer: install it, or name a folder with ' +
    'kube-apiserver and etcd in KUBEBUILDER_ASSETS.',
};
const oldestKubectlMinor = 30;

/** The API server. Throws CannotBuild where Go is missing or the build fails. */
export async function buildServer(): Promise<BuiltProgram> {
  return buildGoProgram(programs, 'server', await versionFlags());
}

/** kubectl: the machine's if it is 1.30 or newer, else one built from the same modules. Throws CannotBuild. */
export async function provideKubectl(): Promise<string> {
  const minor = await kubectlMinor();
  if (minor !== null && minor >= oldestKubectlMinor) return 'kubectl';
  return (await buildGoProgram(programs, 'kubectl', await versionFlags())).path;
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

/** Without them programs say that they are version 0.0.0, which clients refuse. */
async function versionFlags(): Promise<readonly string[]> {
  const requirements = await readFile(join(programs.sources, 'go.mod'), 'utf8');
  const version = /^\tk8s\.io\/kubernetes v((\d+)\.(\d+)\S*)$/m.exec(requirements);
  if (version === null) throw new CannotBuild('go.mod names no version of k8s.io/kubernetes');
  const variables = { gitVersion: `v${version[1]}`, gitMajor: version[2], gitMinor: version[3] };
  return Object.entries(variables).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
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
