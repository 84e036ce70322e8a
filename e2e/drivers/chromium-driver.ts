/**
 * The window in Chromium: the headless agent serves it on loopback behind a one-time token.
 */
import { chromium } from '@playwright/test';

import { startSallyport } from '../processes/sallyport.ts';
import type { AppDriver } from './driver.ts';

/** Chromium as the tests start it: without a sandbox when root (which has none), and silent on the network. */
export const chromiumOptions = {
  executablePath: process.env['SALLYPORT_TEST_CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--force-color-profile=srgb',
    '--font-render-hinting=none',
    '--disable-lcd-text',
  ],
};

export const chromiumDriver: AppDriver = {
  launch: async (home) => {
    const agent = startSallyport(home, ['agent', '--web', '--json']);
    const { url } = await agent.event<{ url: string }>('web');
    const browser = await chromium.launch(chromiumOptions);
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1100, height: 760 } });
    const page = await context.newPage();
    await page.goto(url);
    return {
      page,
      quit: async () => {
        await browser.close();
        const code = await agent.end('SIGTERM');
        if (code !== 0) throw new Error(`The agent ended with ${code}:\n${agent.output.slice(-30).join('\n')}`);
      },
    };
  },
};
