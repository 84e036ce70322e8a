/**
 * The packaged app, as `npm run package` makes it: starts from its archive and does the main job.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { launchElectron } from '../drivers/electron-driver.ts';
import { expect, test } from '../drivers/app-test.ts';
import { AppWindow } from '../objects/app-window.ts';
import { startHttpOrigin } from '../origins/http-origin.ts';
import { repository } from '../processes/sallyport.ts';
import { visit } from '../visitor/http-visitor.ts';

/** Packages the app with the Electron of this machine, and returns the path of its executable. */
async function makePackage(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(repository, 'scripts/package.ts')], {
    cwd: repository,
    timeout: 300_000,
    maxBuffer: 16 << 20,
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: process.env['SALLYPORT_TEST_ELECTRON_FOLDER'] },
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}

test('the packaged app starts by itself and publishes a service', async ({ home }) => {
  test.skip(process.platform !== 'linux', 'the unpacked app for Linux');
  test.setTimeout(420_000);
  const executable = await makePackage();
  const origin = await startHttpOrigin();
  const app = await launchElectron(home, executable);
  try {
    expect(await app.electron.evaluate(({ app: electron }) => electron.isPackaged)).toBe(true);
    const window = new AppWindow(app.page);
    await window.startPlayground();
    await window.expectEmptyHome();
    await window.openExposeDialog();
    await window.expose(`127.0.0.1:${origin.port}`, 'packaged');
    const url = await window.expectReady('packaged');
    expect((await visit(url)).body).toContain('Hello from the origin');
  } finally {
    await app.quit();
    await origin.close();
  }
});
