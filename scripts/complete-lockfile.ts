/**
 * Adds to package-lock.json the platform packages that npm left out because its registry does not serve them.
 *
 *   node scripts/complete-lockfile.ts     after `npm install` on a network with a partial registry
 *
 * `npm ci` refuses a lockfile that lacks an optional dependency, even one for another system, so that a lockfile made on
 * such a network works nowhere. The added entries have a version and a system but no digest: they are development tools
 * of systems that this registry could not serve.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Entry = {
  readonly optional?: boolean;
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
type Lockfile = { packages: Record<string, Entry> };

const file = join(import.meta.dirname, '../package-lock.json');

/** Whether `name` resolves from the package at `path`, as Node looks for it: its own folder, then each one above. */
function isLocked({ packages }: Lockfile, path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '' || !at.includes('/node_modules/')) {
      return packages[`node_modules/${name}`] !== undefined;
    }
  }
}

/** Operating system, processor and C library from the end of a platform package's name, `…-linux-x64-musl`. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | null {
  const match = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/.exec(name);
  if (match === null) return null;
  const [, os = '', cpu = '', abi = ''] = match;
  const libc = abi.startsWith('musl') ? 'musl' : abi.startsWith('gnu') ? 'glibc' : null;
  return { os: [os], cpu: [cpu], ...(os === 'linux' && libc !== null ? { libc: [libc] } : {}) };
}

const lockfile = JSON.parse(await readFile(file, 'utf8')) as Lockfile;
const added: string[] = [];
for (const [path, entry] of Object.entries(lockfile.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(lockfile, path, name)) continue;
    const platform = platformOf(name);
    if (platform === null) throw new Error(`${name} is missing from the lockfile, and its name tells no platform`);
    lockfile.packages[`node_modules/${name}`] = {
      version,
      ...platform,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
    };
    added.push(name);
  }
}
lockfile.packages = Object.fromEntries(Object.entries(lockfile.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
await writeFile(file, `${JSON.stringify(lockfile, null, 2)}\n`);
console.log(added.length === 0 ? 'Nothing was missing.' : `Added ${added.length}: ${added.join(', ')}`);
