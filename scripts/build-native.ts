/**
 * Builds the QUIC addon (`native/quic`, Rust) for this machine into `.runtime/native`, where tests, benchmarks and
 * `scripts/build.ts` find it. Cargo knows what is up to date; from nothing it takes about a minute on two cores.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { addonName } from './build/native-addon.ts';

const root = join(import.meta.dirname, '..');
const output = join(root, '.runtime/native');
const targetFolder = join(output, 'target');

/** A Rust target triple and what Node calls it. Without `--target` it is this machine's. */
const { values } = parseArgs({
  options: { target: { type: 'string' }, platform: { type: 'string' }, arch: { type: 'string' } },
});
const platform = values.platform ?? process.platform;
const arch = values.arch ?? process.arch;

const libraries: Readonly<Record<string, string>> = {
  win32: 'sallyport_quic.dll',
  darwin: 'libsallyport_quic.dylib',
};
const library = libraries[platform] ?? 'libsallyport_quic.so';

const cargo = spawnSync(
  'cargo',
  [
    'build',
    '--release',
    '--locked',
    '--manifest-path',
    join(root, 'native/quic/Cargo.toml'),
    '--target-dir',
    targetFolder,
    ...(values.target === undefined ? [] : ['--target', values.target]),
  ],
  { stdio: 'inherit' },
);
if (cargo.error !== undefined) {
  console.error('The QUIC addon is built with Rust 1.88 or newer, and there is no "cargo" on the PATH.');
  console.error('Install it from https://rustup.rs, then run this again. Without it Sallyport uses HTTP/2 alone.');
  process.exitCode = 69;
} else if (cargo.status !== 0) {
  process.exitCode = 1;
} else {
  mkdirSync(output, { recursive: true });
  const name = join(output, addonName(platform, arch));
  // A process that has the old one loaded keeps it: the file is replaced, not written to.
  copyFileSync(join(targetFolder, values.target ?? '', 'release', library), `${name}.new`);
  renameSync(`${name}.new`, name);
  console.log(name);
}
