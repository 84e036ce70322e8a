/**
 * Which image file shows a sign in the tray of each system. Pure.
 */
import { join } from 'node:path';

import type { TraySign } from './tray-menu.ts';

/** Linux draws images in their own size; this one fits most panels. */
const linuxSize = 22;
const windowsSize = 32;

/** macOS colours a template itself and has one for all signs. */
export function trayImagePath(assets: string, sign: TraySign, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(assets, 'tray', 'trayTemplate.png');
  return join(assets, 'tray', `${sign}-${platform === 'win32' ? windowsSize : linuxSize}.png`);
}
