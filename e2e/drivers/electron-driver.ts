/**
 * The window in a real Electron: the official one where it can be had, else the pinned runtime for tests.
 */
import { join } from 'node:path';

import { _electron, type ElectronApplication } from '@playwright/test';

import { repository } from '../processes/sallyport.ts';
import type { AppDriver, RunningApp } from './driver.ts';

export type RunningElectron = RunningApp & { readonly electron: ElectronApplication };

/** Switches every Electron of the tests gets: no look-ups outside this machine, and no sandbox for root (only here). */
function electronArguments(home: string): string[] {
  const asRoot = process.getuid?.() === 0 && process.env['SALLYPORT_TEST_USER'] === undefined;
  return [
    ...(asRoot ? ['--no-sandbox'] : []),
    `--user-data-dir=${join(home, 'chromium')}`,
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost',
    '--force-color-profile=srgb',
    '--font-render-hinting=none',
    '--disable-lcd-text',
  ];
}

/** The Electron that the tests were given. */
export function electronUnderTest(): string {
  const path = process.env['SALLYPORT_TEST_ELECTRON'];
  if (path === undefined) throw new Error('SALLYPORT_TEST_ELECTRON is not set: run the suite by "npm test"');
  return path;
}

type Start = { readonly executablePath: string; readonly args: string[]; readonly env: Record<string, string> };

/** How to start `program` on `home`: as an ordinary user where the tests themselves run as root. */
export function startOf(program: string, home: string, args: readonly string[]): Start {
  const ordinary = process.env['SALLYPORT_TEST_USER'] !== undefined;
  return {
    executablePath: ordinary ? join(import.meta.dirname, 'as-ordinary-user') : program,
    args: [...electronArguments(home), ...args],
    env: {
      ...(process.env as Record<string, string>),
      SALLYPORT_TEST_PROGRAM: program,
      SALLYPORT_HOME: home,
      SALLYPORT_NODE: process.execPath,
      HOME: home,
      KUBECONFIG: '',
    },
  };
}

/** Starts the app from this repository, or a packaged one given by its executable. */
export async function launchElectron(home: string, packaged?: string): Promise<RunningElectron> {
  const start = packaged === undefined ? startOf(electronUnderTest(), home, [repository]) : startOf(packaged, home, []);
  const electron = await _electron.launch(start);
  const page = await electron.firstWindow();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  return { page, electron, quit: () => electron.close() };
}

export const electronDriver: AppDriver = { launch: (home) => launchElectron(home) };
