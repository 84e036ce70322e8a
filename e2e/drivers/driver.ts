/**
 * How a test starts the app: the same window either in Electron or in Chromium, before the same real agent.
 */
import type { Page } from '@playwright/test';

export type RunningApp = {
  readonly page: Page;
  /** Quits as a user does; resolves once every process of the app has ended. */
  quit(): Promise<void>;
};

export type AppDriver = {
  /** Starts the app on the profile in `home` (SALLYPORT_HOME). A second start finds what the first one left. */
  launch(home: string): Promise<RunningApp>;
};

/** Fails the test on anything a page reports as wrong: script errors, console errors, violations of the CSP. */
export function collectFaults(page: Page): readonly string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  return faults;
}
