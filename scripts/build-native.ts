/**
 * Builds the QUIC addon (`native/quic`, Rust) for this machine into `.runtime/native`, where tests, benchmarks and
 * `scripts/build.ts` find it. Cargo knows what is up to date; from nothing it takes about a minute on two cores.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { addonFolder, addonName, addonTarget } from './build/native-addon.ts';

const root = join(import.meta.dirname, '..');
const output = join(root, addonFolder);
const targetFolder = join(root, addonTarget);

/** `target` is a Rust target triple, `glibc` the oldest version that must load it (Linux, with cargo-zigbuild). */
const { values } = parseArgs({ options: { target: { type: 'string' }, glibc: { type: 'string' } } });

type System = { readonly platform: string; readonly arch: string; readonly library: string };

/** What cargo makes for a target, and what Node calls that system. Without a target it is this machine. */
function systemOf(target: string | undefined): System {
  const platform = /windows|win32/.test(target ?? process.platform)
    ? 'win32'
    : /darwin/.test(target ?? process.platform)
      ? 'darwin'
      : 'linux';
  const arch = target === undefined ? process.arch : target.startsWith('aarch64') ? 'arm64' : 'x64';
  const library = { win32: 'sallyport_quic.dll', darwin: 'libsallyport_quic.dylib', linux: 'libsallyport_quic.so' };
  return { platform, arch, library: library[platform] };
}

const system = systemOf(values.target);
const compile = values.glibc === undefined ? ['build'] : ['zigbuild'];
const target = values.target === undefined ? [] : ['--target', [values.target, values.glibc].filter(Boolean).join('.')];
const cargo = spawnSync(
  'cargo',
  [
    ...compile,
    '--release',
    '--locked',
    '--manifest-path',
    join(root, 'native/quic/Cargo.toml'),
    '--target-dir',
    targetFolder,
    ...target,
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
  const name = join(output, addonName(system.platform, system.arch));
  // A process that has the old one loaded keeps it: the file is replaced, not written to.
  copyFileSync(join(targetFolder, values.target ?? '', 'release', system.library), `${name}.new`);
  renameSync(`${name}.new`, name);
  console.log(name);
}
