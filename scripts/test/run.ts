/**
 * Runs one step of the test command with its output passed through.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export type Outcome = { readonly code: number };

const root = join(import.meta.dirname, '../..');
const binaries = join(root, 'node_modules/.bin');

/** Longest a step may take; the whole run stays under half an hour. */
const stepLimitMs = 15 * 60_000;

/**
 * Runs `command` in the repository. With `display`, under a virtual display and a session bus where there is no
 * display (Linux only).
 */
export function run(
  title: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { display = false }: { readonly display?: boolean } = {},
): Promise<Outcome> {
  console.log(`\n── ${title}`);
  // -ac: the display is private to this run, and Electron runs as another user there.
  const needsDisplay =
    display && process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'];
  const words = needsDisplay
    ? ['xvfb-run', '-a', '-s', '-ac -screen 0 1440x900x24', 'dbus-run-session', '--', ...command]
    : command;
  const [program = '', ...args] = words;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment, PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}` },
      shell: process.platform === 'win32',
    });
    const timer = setTimeout(() => {
      console.error(`${title} took longer than ${stepLimitMs / 60_000} minutes and was ended.`);
      child.kill('SIGKILL');
    }, stepLimitMs);
    child.once('error', (error) => {
      console.error(error.message);
      clearTimeout(timer);
      resolve({ code: 127 });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1 });
    });
  });
}
