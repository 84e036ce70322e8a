/**
 * Chooses how this system lists what listens.
 */
import type { ListListeners } from './listener.ts';
import { linuxListeners } from './list-linux.ts';
import { macosListeners } from './list-macos.ts';
import { windowsListeners, windowsPrograms } from './list-windows.ts';

/** `env` is the environment of this process. */
export function listenersOf(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): ListListeners {
  switch (platform) {
    case 'linux':
      return linuxListeners();
    case 'darwin':
      return macosListeners();
    case 'win32':
      return windowsListeners(windowsPrograms(env), env);
    default:
      return () => Promise.reject(new Error(`How ${platform} tells what listens is not known here.`));
  }
}
