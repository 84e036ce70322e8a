/**
 * The user as whom Electron is tested: not root, for whom Chromium's sandbox does not exist.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Debian's `nobody`: owns nothing, so that the app can only write where the tests let it. */
const nobody = 65_534;

/**
 * What tells the end-to-end suite to start Electron as an ordinary user, where this runs as root on Linux. Empty where it
 * does not, or, with a word on why, where that user cannot read the repository.
 */
export function ordinaryUserEnvironment(electron: string, root: string): Record<string, string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return {};
  const user = { SALLYPORT_TEST_USER: String(nobody) };
  const may = (...question: string[]): boolean =>
    spawnSync(join(root, 'e2e/drivers/as-ordinary-user'), question, {
      env: { ...process.env, ...user, SALLYPORT_TEST_PROGRAM: 'test' },
    }).status === 0;
  if (may('-x', electron) && may('-r', join(root, 'dist/node/main.mjs'))) return user;
  console.error(`An ordinary user cannot read ${root}: Electron is tested as root, without Chromium's sandbox.`);
  return {};
}
