/**
 * The window beyond the main job: what a person notices when they change their mind, use the keyboard, or mistype.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Locator } from '@playwright/test';

import { expect, test } from '../drivers/app-test.ts';
import { AppWindow } from '../objects/app-window.ts';
import { startHttpOrigin } from '../origins/http-origin.ts';
import { startViteProject } from '../origins/vite-project.ts';
import { visit } from '../visitor/http-visitor.ts';

/** A kubeconfig with these contexts, each of a cluster of its own; the last one is the one kubectl would use. */
function kubeconfig(contexts: readonly string[]): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contexts.at(-1),
    clusters: contexts.map((name) => ({ name, cluster: { server: `https://${name}.example:6443` } })),
    users: [{ name: 'me', user: {} }],
    contexts: contexts.map((name) => ({ name, context: { cluster: name, user: 'me' } })),
  });
}

/** Nothing ever listens here; what these tests look at does not depend on an answer. */
const silentPort = 1;

test('a dialog that is left gives the focus back to what opened it', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  for (const name of ['first', 'second']) {
    await window.openExposeDialog();
    await window.expose(String(silentPort), name);
    await expect(window.service(name)).toBeVisible();
  }

  await window.openExposeDialog();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Expose a service' })).toBeFocused();

  await window.deleteService('first');
  await expect(window.service('first')).toBeHidden();
  const remove = page.getByRole('button', { name: 'Delete second' });
  await remove.click();
  await expect(page.getByRole('alertdialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(remove).toBeFocused();
});

test('a missing kubeconfig is an error only once it was asked for', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.expectFirstRun();
  await page.getByRole('button', { name: 'Choose a kubeconfig…' }).click();
  const field = page.getByLabel('Kubeconfig file');
  await expect(field).toHaveAccessibleDescription(/^There is no file .*\.kube\/config\. Enter the path/);
  await expect(page.getByRole('alert')).toHaveCount(0);

  await page.getByRole('button', { name: 'Read contexts' }).click();
  await expect(page.getByRole('alert')).toContainText('The kubeconfig cannot be used');
});

test('the context that kubectl would use is chosen already', async ({ home, launch }) => {
  await mkdir(join(home, '.kube'));
  await writeFile(join(home, '.kube/config'), kubeconfig(['staging', 'production']));
  const { page } = await launch();
  await new AppWindow(page).expectFirstRun();
  await page.getByRole('button', { name: 'Choose a kubeconfig…' }).click();
  await expect(page.getByRole('radio', { name: /^staging/ })).not.toBeChecked();
  await expect(page.getByRole('radio', { name: /^production/ })).toBeChecked();
  await expect(page.getByRole('button', { name: 'Connect' })).toBeEnabled();
});

test('a warning that was read can be put away, and brought back', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  const warnings = page.getByRole('list', { name: 'Notes' });
  await expect(warnings).toContainText('encrypted');
  await warnings.getByRole('button', { name: /^Dismiss/ }).click();
  await expect(warnings).toBeHidden();
  await expect(page.getByRole('main')).toBeFocused();

  await page.reload();
  await window.expectEmptyHome();
  await expect(warnings).toBeHidden();
  await page.getByRole('button', { name: 'Show 1 dismissed note' }).click();
  await expect(warnings).toBeVisible();
});

test('an address that would be refused later is refused while it is typed, with the reason', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openExposeDialog();
  const address = page.getByLabel('Port or address');
  const expose = page.getByRole('button', { name: 'Expose', exact: true });
  await address.fill('169.254.169.254:80');
  await expect(address).toHaveAccessibleDescription(/link-local address/);
  await address.fill('localhost');
  await expect(address).toHaveAccessibleDescription(/^Requests|^Where/);
  await expose.click();
  await expect(address).toHaveAccessibleDescription('Add the port, for example localhost:3000.');
  await expect(address).toBeFocused();

  await address.fill('localhost:5173/app');
  await expect(address).toHaveAccessibleDescription('All of http://localhost:5173 is exposed, not only /app');
});

test('the traffic that is shown is visitors’, not the probes of the platform', async ({ launch }) => {
  const origin = await startHttpOrigin();
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openExposeDialog();
  await window.expose(String(origin.port), 'app');
  const url = await window.expectReady('app');
  await page.getByRole('button', { name: 'Show as table' }).click();
  const requests = page
    .getByRole('row', { name: /^last 10 s/ })
    .getByRole('cell')
    .last();
  await visit(url);
  await expect(requests).not.toHaveText('0');
  await expect(requests).toHaveText('1');
  await origin.close();
});

test('the whole job is done with the keyboard alone', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  /** Goes on with Tab until `target` has the focus. */
  const tabTo = async (target: Locator): Promise<void> => {
    await expect(async () => {
      await page.keyboard.press('Tab');
      await expect(target).toBeFocused({ timeout: 1 });
    }).toPass({ intervals: [0], timeout: 15_000 });
  };
  await window.expectFirstRun();
  await tabTo(page.getByRole('button', { name: 'Start the playground' }));
  await page.keyboard.press('Enter');
  await window.expectEmptyHome();
  await tabTo(page.getByRole('button', { name: 'Expose a service' }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Port or address')).toBeFocused();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(String(silentPort));
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();

  await tabTo(page.getByRole('switch', { name: 'app-1 on' }));
  await page.keyboard.press('Space');
  await window.expectOff('app-1');
  await tabTo(page.getByRole('button', { name: 'Delete app-1' }));
  await page.keyboard.press('Enter');
  await tabTo(page.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }));
  await page.keyboard.press('Enter');
  await window.expectEmptyHome();
  await expect(page.locator('body')).not.toBeFocused();
  await tabTo(page.getByRole('link', { name: 'Connector' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Tunnel engine' })).toBeVisible();
});

test('an engine that keeps stopping is started again at the push of a button', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openConnectorPage();
  const card = page.getByRole('region', { name: 'Tunnel engine' });
  let killed = 0;
  await expect(async () => {
    if (await card.getByText('Failed', { exact: true }).isVisible()) return;
    const pid = await window.enginePid();
    if (pid !== killed) process.kill(pid, 'SIGKILL');
    killed = pid;
    throw new Error('the engine is not given up yet');
  }).toPass({ intervals: [100], timeout: 60_000 });

  await window.openHome();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The tunnel engine has stopped');
  await page.getByRole('button', { name: 'Try now' }).click();
  await expect(page.getByRole('status', { name: 'Connection' })).toHaveText('Connected');
});

test('two clicks expose what listens here: it is found, proposed, and seen to answer', async ({ launch }) => {
  const project = await startViteProject();
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();

  await window.openExposeDialog();
  const dialog = page.getByRole('dialog');
  const row = dialog.getByRole('radio', { name: new RegExp(`${project.port}`) });
  await expect(row).toBeVisible();
  // Other programs of this machine may stand before it.
  await row.click();
  await expect(dialog.getByLabel('Port or address')).toHaveValue(new RegExp(`:${project.port}$`));
  await expect(dialog).toContainText('Anyone on this machine can reach it.');
  await dialog.getByRole('button', { name: 'Expose', exact: true }).click();

  await expect(dialog.getByRole('heading', { name: /is online$/ })).toBeVisible({ timeout: 30_000 });
  const steps = dialog.getByRole('listitem');
  await expect(steps).toHaveCount(5);
  for (const step of await steps.all()) await expect(step).toContainText(/done(at once|[\d.]+ m?s)$/);
  const url = await dialog.getByRole('link', { name: /^Open / }).getAttribute('href');
  expect((await visit(url ?? '')).status).toBe(200);
  await window.closeProgress();

  // It is not offered twice.
  await window.openExposeDialog();
  await expect(dialog.getByText(/^Exposed already, as/)).toBeVisible();
  await expect(row).toBeDisabled();
  await project.close();
});

test('a service that does not answer shows the step, the reason and the remedy', async ({ launch }) => {
  const { page } = await launch();
  const window = new AppWindow(page);
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openExposeDialog();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Port or address').fill(String(silentPort));
  await dialog.getByRole('button', { name: 'Expose', exact: true }).click();
  await expect(dialog.getByRole('listitem').last()).toContainText('failed', { timeout: 30_000 });
  await expect(dialog.getByRole('alert')).toContainText('Nothing listens on localhost:1');
  await expect(dialog.getByRole('alert')).toContainText('Start your service on localhost:1');
  await window.closeProgress();
  await expect(window.service('app-1')).toContainText('Failing');
});
