/**
 * `npm start`: builds if necessary and opens the app; without a display, or without an Electron that can run here, the
 * same agent runs headless and serves the same window to a browser.
 *
 * Arguments go to the app: `npm start -- --profile other`. Ctrl-C ends everything.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { ensureBuilt } from './build/ensure-built.ts';
import { resolveElectron } from './electron-runtime.ts';

const root = join(import.meta.dirname, '..');

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY']) || Boolean(process.env['WAYLAND_DISPLAY']);
}

/** Runs `program` in the place of this process: same output, same signals, same exit code. */
function become(program: string, args: readonly string[]): void {
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SALLYPORT_NODE: process.execPath },
    // A group of its own: Ctrl-C then arrives once, from here, and not a second time from the terminal, which would
    // mean "at once".
    detached: process.platform !== 'win32',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    console.error(`${program} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

function runHeadless(reason: string, args: readonly string[]): void {
  console.log(`${reason}\nRunning without a window of its own: open the link below in a browser on this machine.\n`);
  become(process.execPath, [join(root, 'dist/node/cli.mjs'), 'agent', '--web', ...args]);
}

async function start(args: readonly string[]): Promise<void> {
  if (!(await ensureBuilt(root))) {
    process.exitCode = 1;
    return;
  }
  if (!hasDisplay()) {
    runHeadless('There is no display.', args);
    return;
  }
  const electron = await resolveElectron();
  if ('reason' in electron) {
    runHeadless(electron.reason, args);
    return;
  }
  const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
  if (asRoot) {
    console.warn('Chromium’s sandbox does not work for root: it is off. Start as an ordinary user to have it on.');
  }
  become(electron.path, [...(asRoot ? ['--no-sandbox'] : []), root, ...args]);
}

await start(process.argv.slice(2));
