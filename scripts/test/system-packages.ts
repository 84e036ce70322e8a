/**
 * What the tests need from the system, beyond what npm brings: installed by apt-get as root on Debian, otherwise the
 * exact line to run is printed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program that must be found → Debian package that has it. */
const needed: Readonly<Record<string, string>> = {
  chromium: 'chromium',
  'xvfb-run': 'xvfb',
  xauth: 'xauth',
  'dbus-run-session': 'dbus',
  'dbus-launch': 'dbus-x11',
  kubectl: 'kubernetes-client',
  nginx: 'nginx-light',
  lsof: 'lsof',
  // Redis's server, under the name of its tool: a package without a service that would start by itself.
  'redis-check-rdb': 'redis-tools',
  ip: 'iproute2',
  nsenter: 'util-linux',
};

function isInstalled(program: string): boolean {
  // Servers are in /usr/sbin, which is not on everybody's path.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Installs `packages`, or prints how to. Returns whether they are there now. */
export function aptInstall(packages: readonly string[]): boolean {
  const line = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) {
    console.error(`Needed and not installed: ${packages.join(', ')}. Run: sudo ${line}`);
    return false;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const command of ['apt-get update', line]) {
    const [program = '', ...args] = command.split(' ');
    console.log(command);
    const { status } = spawnSync(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
    if (status !== 0) {
      console.error(`"${command}" ended with ${status}.`);
      return false;
    }
  }
  return true;
}

/** Makes sure that the programs the tests start are there (Linux; elsewhere the tests say what they miss). */
export function installSystemPackages(): boolean {
  if (process.platform !== 'linux') return true;
  const missing = Object.entries(needed).flatMap(([program, name]) => (isInstalled(program) ? [] : [name]));
  return missing.length === 0 || aptInstall(missing);
}
