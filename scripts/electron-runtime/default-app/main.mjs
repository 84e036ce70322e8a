/**
 * The app inside a bare Electron: runs the app that the command line names. Part of the pinned runtime, which comes
 * without Electron's own.
 *
 *   electron [-r module]… [switches] <folder, or script> [arguments]
 *   electron --version
 *
 * An ES module that awaits the app it runs: Electron emits `ready` only once its main module has been evaluated, and
 * the app must be able to register privileged schemes before that.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { app } from 'electron';

const requireFromHere = createRequire(path.join(process.cwd(), 'electron.js'));

/** What stands before the app on the command line; the rest is the app's. Unknown switches are Chromium's. */
function readCommandLine([first, ...rest], read = { preloads: [], target: null, version: false }) {
  if (first === undefined) return read;
  if (first === '-r' || first === '--require') {
    const [module, ...others] = rest;
    if (module === undefined) throw new Error(`${first} needs a module`);
    return readCommandLine(others, { ...read, preloads: [...read.preloads, module] });
  }
  if (first === '-v' || first === '--version') return { ...read, version: true };
  if (first.startsWith('-')) return readCommandLine(rest, read);
  return { ...read, target: first };
}

/** Name, version and paths of the app in `folder`, as its package.json says. False if it has none. */
function takeIdentity(folder) {
  let manifest;
  try {
    manifest = requireFromHere(path.join(folder, 'package.json'));
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
  const name = manifest.productName ?? manifest.name;
  if (name !== undefined) app.setName(name);
  if (manifest.version !== undefined) app.setVersion(manifest.version);
  app.setDesktopName?.(manifest.desktopName ?? `${app.getName()}.desktop`);
  app.setAppPath(folder);
  return true;
}

try {
  const { preloads, target, version } = readCommandLine(process.argv.slice(1));
  // Playwright hooks in here, before the app.
  for (const module of preloads) requireFromHere(module);
  if (version) {
    process.stdout.write(`v${process.versions.electron}\n`);
    process.exit(0);
  }
  if (target === null) throw new Error('usage: electron [-r module]… [switches] <folder, or script>');
  Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true, configurable: false });
  const location = path.resolve(target);
  const hasManifest = takeIdentity(location);
  const main = requireFromHere.resolve(location);
  if (!hasManifest) app.setAppPath(path.dirname(main));
  await import(pathToFileURL(main).href);
} catch (error) {
  // An exit status and a stack trace, not a dialog that waits for a click.
  process.stderr.write(`The app did not start.\n${error?.stack ?? error}\n`);
  process.exit(1);
}
