/**
 * Where a profile keeps its files on each operating system. Pure: environment, platform and home come in.
 */
import { posix, win32 } from 'node:path';

import { AgentError } from '#contract/errors/agent-error.ts';

export type ProfileLocation = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
};

export const defaultProfile = 'default';

/** SECURITY: a profile's name becomes a folder; this pattern keeps it from leaving the profiles' folder. */
const profilePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/i;

function dataDirectory({ env, platform, homeDirectory }: ProfileLocation): string {
  const chosen = env['SALLYPORT_HOME'];
  if (chosen !== undefined && chosen !== '') return chosen;
  if (platform === 'darwin') return posix.join(homeDirectory, 'Library', 'Application Support', 'Sallyport');
  if (platform === 'win32') {
    // The local folder, not the roaming one: the connector's key belongs to this machine.
    return win32.join(env['LOCALAPPDATA'] ?? win32.join(homeDirectory, 'AppData', 'Local'), 'Sallyport');
  }
  const xdg = env['XDG_DATA_HOME'];
  // XDG Base Directory Specification: a relative path is invalid and is ignored.
  const base = xdg !== undefined && posix.isAbsolute(xdg) ? xdg : posix.join(homeDirectory, '.local', 'share');
  return posix.join(base, 'sallyport');
}

/** The absolute folder of `profile`; SP_INPUT_PROFILE if the name cannot be one. */
export function profileDirectory(profile: string, location: ProfileLocation): string {
  if (!profilePattern.test(profile)) {
    throw new AgentError('SP_INPUT_PROFILE', { value: profile });
  }
  const path = location.platform === 'win32' ? win32 : posix;
  return path.resolve(path.join(dataDirectory(location), 'profiles', profile));
}
