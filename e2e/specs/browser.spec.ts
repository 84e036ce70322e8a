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

test('a page whose agent was killed claims nothing, says what to do, and goes on when it is back', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const window = new AppWindow(page);
  await page.goto(await linkOf(agent));
  await window.expectFirstRun();
  await window.startPlayground();
  await window.expectEmptyHome();
  await window.openExposeDialog();
  await window.expose('1', 'demo');
  await expect(window.service('demo')).toContainText('Failing');

  await agent.end('SIGKILL');
  const banner = page.getByRole('region', { name: 'Connection to the agent' });
  await expect(banner.getByRole('alert')).toHaveText('The agent does not answer');
  await expect(banner).toContainText('npx sallyport agent --web');
  await expect(banner.getByRole('button', { name: 'Try now' })).toBeVisible();
  await expect(window.service('demo')).toContainText('Unknown');
  await expect(page.getByRole('button', { name: 'Expose a service' })).toBeDisabled();

  agent = startAgent();
  const signIn = await context.newPage();
  await signIn.goto(await linkOf(agent));
  await expect(banner).toBeHidden();
  await expect(window.service('demo')).toContainText('Failing', { timeout: 30_000 });
  await expect(new AppWindow(signIn).service('demo')).toContainText('Failing');
});
