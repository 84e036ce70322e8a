/**
 * The window in a browser: links that work once, and what becomes of a page when its agent ends.
 */
import { chromium, expect, test, type Browser } from '@playwright/test';

import { chromiumOptions } from '../drivers/chromium-driver.ts';
import { AppWindow } from '../objects/app-window.ts';
import type { Child } from '../processes/child.ts';
import { makeHome, runSallyport, startSallyport } from '../processes/sallyport.ts';

let home: Awaited<ReturnType<typeof makeHome>>;
let browser: Browser;
let agent: Child;

const startAgent = (): Child => startSallyport(home.path, ['agent', '--web', '--json']);
const linkOf = async (started: Child): Promise<string> => (await started.event<{ url: string }>('web')).url;

test.beforeEach(async () => {
  home = await makeHome();
  browser = await chromium.launch(chromiumOptions);
  agent = startAgent();
});

test.afterEach(async () => {
  await browser.close();
  await agent.end('SIGTERM');
  await home.remove();
});

test('a used link leads whoever is signed in to the window, and nobody else', async () => {
  const link = await linkOf(agent);
  const page = await browser.newPage();
  await page.goto(link);
  await new AppWindow(page).expectFirstRun();
  await page.goto(link);
  await new AppWindow(page).expectFirstRun();

  const stranger = await browser.newPage();
  expect((await stranger.goto(link))?.status()).toBe(403);
  await expect(stranger.locator('body')).toContainText('npx sallyport web');

  const { stdout } = await runSallyport(home.path, ['web', '--json']);
  await stranger.goto((JSON.parse(stdout) as { url: string }).url);
  await new AppWindow(stranger).expectFirstRun();
});
