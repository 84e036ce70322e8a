/**
 * `test` with a home folder and the driver of the running Playwright project.
 */
import { test as base } from '@playwright/test';

import { makeHome } from '../processes/sallyport.ts';
import { chromiumDriver } from './chromium-driver.ts';
import { collectFaults, type RunningApp } from './driver.ts';
import { electronDriver } from './electron-driver.ts';

type Fixtures = {
  readonly home: string;
  /** Starts the app on `home`; whatever still runs at the end of the test is quit. */
  readonly launch: () => Promise<RunningApp>;
};

export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures that are used here.
  home: async ({}, use) => {
    const home = await makeHome();
    await use(home.path);
    await home.remove();
  },
  launch: async ({ home }, use, testInfo) => {
    const driver = testInfo.project.name === 'electron' ? electronDriver : chromiumDriver;
    const running = new Set<RunningApp>();
    const faults: (readonly string[])[] = [];
    await use(async () => {
      const app = await driver.launch(home);
      faults.push(collectFaults(app.page));
      const tracked = {
        page: app.page,
        quit: async () => {
          running.delete(tracked);
          await app.quit();
        },
      };
      running.add(tracked);
      return tracked;
    });
    for (const app of running) await app.quit();
    base.expect(faults.flat(), 'the page reported nothing wrong').toEqual([]);
  },
});

export const { expect } = base;
