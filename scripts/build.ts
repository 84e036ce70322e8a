/**
 * `npm run build`: makes `dist`, which runs by itself, without `node_modules` and without this repository.
 *
 *   node scripts/build.ts                    everything
 *   node scripts/build.ts --allow-missing    leaves out programs whose source does not exist (yet)
 *
 * Builds beside `dist` and swaps folders at the end, so that a failed build leaves the last good one.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bundlePreload, bundlePrograms, bundleRenderer } from './build/bundle.ts';
import { collectLicences } from './build/licences.ts';
import { linkCommand } from './build/link-command.ts';
import { nodeEntries, preloadEntry, rendererConfig } from './build/node-entries.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const staging = join(dist, `.staging-${process.pid}`);
const allowMissing = process.argv.includes('--allow-missing');

function isThere(source: string): boolean {
  if (existsSync(join(root, source))) return true;
  if (!allowMissing) throw new Error(`${source} does not exist.`);
  console.log(`left out: ${source} does not exist`);
  return false;
}

async function copyFolder(name: string): Promise<void> {
  if (isThere(name)) await cp(join(root, name), join(staging, name), { recursive: true });
}

/** Puts the finished folder `name` in the place of the old one. */
async function publish(name: string): Promise<void> {
  if (!existsSync(join(staging, name))) return;
  await rm(join(dist, name), { recursive: true, force: true, maxRetries: 3 });
  await rename(join(staging, name), join(dist, name));
}

const startedAt = performance.now();
await mkdir(staging, { recursive: true });
try {
  const entries = Object.fromEntries(Object.entries(nodeEntries).filter(([, source]) => isThere(source)));
  const modules = [
    ...(await bundlePrograms(root, join(staging, 'node'), entries)),
    ...(isThere(preloadEntry) ? await bundlePreload(root, join(staging, 'node'), preloadEntry) : []),
    ...(isThere(rendererConfig) ? await bundleRenderer(join(root, rendererConfig), join(staging, 'renderer')) : []),
    // Used by a style sheet, which is no module.
    join(root, 'node_modules/@fontsource-variable/inter/files'),
  ];
  const licences = await collectLicences(modules);
  await copyFolder('crds');
  await copyFolder('assets');
  for (const name of ['node', 'renderer', 'crds', 'assets']) await publish(name);
  await writeFile(join(dist, 'third-party-licences.txt'), licences);
  // Last: its time says when `dist` was complete.
  await writeFile(join(dist, 'built.json'), `${JSON.stringify({ node: process.version })}\n`);
  await linkCommand(root, 'sallyport', 'src-cli/sallyport.mjs', process.platform);
  console.log(`built dist in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(staging, { recursive: true, force: true });
}
