/**
 * Whether this desktop has a place where a tray icon shows. Closing the window may hide it only then.
 */

/** Runs a program; resolves with its output, or null if it fails or takes too long. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string | null>;

/** Freedesktop's StatusNotifierItem: desktops with a tray own this name on the session bus. */
const watcherName = 'org.kde.StatusNotifierWatcher';

/** On Linux asks the session bus; macOS and Windows always have one. */
export async function hasTrayHost(options: {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: RunProgram;
}): Promise<boolean> {
  const { platform, env, run } = options;
  if (platform !== 'linux') return true;
  const hasBus = env['DBUS_SESSION_BUS_ADDRESS'] !== undefined || env['XDG_RUNTIME_DIR'] !== undefined;
  if (!hasBus) return false;
  const answer = await run('dbus-send', [
    '--session',
    '--print-reply',
    '--reply-timeout=2000',
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
    'org.freedesktop.DBus.NameHasOwner',
    `string:${watcherName}`,
  ]);
  return answer !== null && /boolean true/.test(answer);
}
