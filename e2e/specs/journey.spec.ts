/**
 * The main job in the window: first run → playground → expose a Vite dev server → visit → off → on → restart → delete.
 */
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Page } from '@playwright/test';

import { chromiumOptions } from '../drivers/chromium-driver.ts';
import { expect, test } from '../drivers/app-test.ts';
import { AppWindow } from '../objects/app-window.ts';
import { startViteProject } from '../origins/vite-project.ts';

/** Looks at the page in both colour schemes: axe finds nothing, and a picture is kept for people to look at. */
async function inspect(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const project = test.info().project.name;
    await page.screenshot({
      path: `test-results/screens/${project}-${name}-${colorScheme}.png`,
      animations: 'disabled',
    });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
    expect(violations, `${name}, ${colorScheme}`).toEqual([]);
  }
}

test('first run to a public URL, and everything is still there after a restart', async ({ launch }) => {
  const vite = await startViteProject();
  const browser = await chromium.launch(chromiumOptions);
  const visitor = await browser.newPage();
  try {
    let app = await launch();
    let window = new AppWindow(app.page);
    await window.expectFirstRun();
    await inspect(app.page, 'first-run');
    await window.startPlayground();
    await window.expectEmptyHome();
    await inspect(app.page, 'home-empty');

    await window.openExposeDialog();
    await expect(app.page.getByText(/^\d+ found$/)).toBeVisible();
    await inspect(app.page, 'expose');
    await window.expose(`127.0.0.1:${vite.port}`, 'my-app');
    const url = await window.expectReady('my-app');
    await inspect(app.page, 'home');

    await visitor.goto(url);
    await expect(visitor.locator('#greeting')).toHaveText('first version');
    await vite.greet('second version');
    await expect(visitor.locator('#greeting')).toHaveText('second version');
    expect(await visitor.evaluate('window.loads'), 'replaced in place, not reloaded').toBe(1);

    await window.openConnectorPage();
    await expect(app.page.getByRole('row', { name: /Ready.*True/ })).toBeVisible();
    await inspect(app.page, 'connector');
    await window.openHome();

    await window.switchService('my-app', false);
    await window.expectOff('my-app');
    await inspect(app.page, 'home-off');
    await expect.poll(async () => (await visitor.goto(url))?.status()).toBe(503);
    await expect(visitor.locator('body')).toContainText(/switched off/i);
    await window.switchService('my-app', true);
    expect(await window.expectReady('my-app')).toBe(url);
    expect((await visitor.goto(url))?.status()).toBe(200);

    const connector = await window.connectorName();
    await app.quit();
    app = await launch();
    window = new AppWindow(app.page);
    expect(await window.expectReady('my-app')).toBe(url);
    expect(await window.connectorName()).toBe(connector);
    await visitor.goto(url);
    await expect(visitor.locator('#greeting')).toHaveText('second version');

    await window.openHome();
    await window.deleteService('my-app');
    await window.expectEmptyHome();
    await expect.poll(async () => (await visitor.goto(url))?.status()).toBe(421);
  } finally {
    await browser.close();
    await vite.close();
  }
});
