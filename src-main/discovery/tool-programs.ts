/**
 * Knows programs that listen for their own use: browsers, editors, chat, parts of the system.
 */

/** First words of their names, in lower case. */
const names: ReadonlySet<string> = new Set(
  [
    'code codium vscodium cursor windsurf zed',
    'idea webstorm pycharm goland phpstorm rubymine clion rider',
    'chrome chromium google msedge microsoft firefox brave opera vivaldi safari',
    'discord slack teams zoom spotify steam dropbox figma adobe',
    // macOS; of a long name lsof may give the beginning only.
    'controlce controlcenter rapportd sharingd airplayxpchelper launchd identityservicesd',
    // Linux
    'systemd cupsd avahi rpcbind dnsmasq kdeconnectd',
    // Windows
    'svchost lsass services wininit spoolsv',
  ].flatMap((line) => line.split(' ')),
);

/** Whether `program`'s ports are for itself. They are listed last and not spoken to. */
export function isToolProgram(program: string | null): boolean {
  const [word = ''] = (program ?? '')
    .toLowerCase()
    .replace(/\.exe$/, '')
    .split(/[ _-]/, 1);
  return names.has(word.replace(/64$/, ''));
}
