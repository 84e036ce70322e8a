/**
 * Packages that only the comparison needs: too large for everybody's `node_modules`, so they come when asked for.
 *
 * Exact versions, no scripts, into `.runtime/quic-candidates`, after a look at what npm would install.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repository } from '../../e2e/processes/sallyport.ts';

type Candidate = { readonly name: string; readonly version: string; readonly integrity: string };

const candidates = {
  currentspace: {
    name: '@currentspace/http3',
    version: '0.9.0',
    // SECURITY: native code that is not byte for byte what was measured is not loaded.
    integrity: 'sha512-YkAUkdwCIOLKFlYbXSgqcixQgeYw8LrZfWdgaWIyvjwKlvKmjSlRBH6s8GxPGp0h2CODIlBAutAdz+RZaKyPgA==',
  },
} as const satisfies Readonly<Record<string, Candidate>>;

const folder = join(repository, '.runtime/quic-candidates');

type Lockfile = { readonly packages?: Readonly<Record<string, { readonly integrity?: string }>> };

function npm(...args: readonly string[]): void {
  execFileSync(
    'npm',
    [...args, '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
}

/** Folder of the installed package. Throws, in words for a person, if it cannot be had. */
export function provideCandidate(which: keyof typeof candidates): string {
  const { name, version, integrity } = candidates[which];
  const installed = join(folder, 'node_modules', name);
  if (existsSync(join(installed, 'package.json'))) return installed;
  mkdirSync(folder, { recursive: true });
  try {
    npm('install', '--package-lock-only', '--save-exact', `${name}@${version}`);
    const lockfile = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lockfile;
    const offered = lockfile.packages?.[`node_modules/${name}`]?.integrity;
    if (offered !== integrity) throw new Error(`npm offers it with another digest: ${offered ?? 'none'}`);
    // Installs what was just looked at, and checks it against that digest. Its platform packages were never published.
    npm('install', '--omit=optional');
  } catch (error) {
    throw new Error(`${name} ${version} cannot be had here, so it was not measured.`, { cause: error });
  }
  return installed;
}
