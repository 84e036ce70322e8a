/**
 * Chooses how this system lists what listens.
 */
import type { ListListeners } from './listener.ts';
import { linuxListeners } from './list-linux.ts';

export function listenersOf(platform: NodeJS.Platform): ListListeners {
  if (platform === 'linux') return linuxListeners();
  return () => Promise.reject(new Error(`It is not known how ${platform} tells what listens.`));
}
