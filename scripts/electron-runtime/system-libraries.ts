/**
 * The shared libraries that Electron takes from a Linux system.
 */
import { aptInstall } from '../test/system-packages.ts';
import { runProgram } from './run-program.ts';

/** What Electron needs beyond a minimal Debian 12. */
const debianPackages = [
  'libnss3',
  'libgtk-3-0',
  'libgbm1',
  'libasound2',
  'libxss1',
  'libxtst6',
  'libatspi2.0-0',
  'libdrm2',
  'libxkbcommon0',
  'libcups2',
  'libnotify4',
  'libsecret-1-0',
  'fonts-dejavu-core',
];

async function missingLibraries(executable: string): Promise<readonly string[]> {
  const { stdout } = await runProgram('ldd', [executable], { timeoutMs: 10_000 });
  return [...stdout.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name = '']) => name);
}

/**
 * Sees to it that `executable` finds its libraries: as root on Debian they are installed. Returns what is still missing
 * as a sentence, or null.
 */
export async function provideLibraries(executable: string): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  if ((await missingLibraries(executable)).length === 0) return null;
  aptInstall(debianPackages);
  const missing = await missingLibraries(executable);
  return missing.length === 0
    ? null
    : `Electron needs libraries that this system does not have: ${missing.join(', ')}.`;
}
