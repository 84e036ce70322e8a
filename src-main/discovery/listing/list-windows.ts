/**
 * Lists listening sockets on Windows with `netstat` and `tasklist`.
 *
 * Both start in a fraction of the time that PowerShell takes (its Get-NetTCPConnection loads .NET and asks WMI), and
 * what is read of them does not depend on the language. Neither knows working directories.
 */
import { win32 } from 'node:path';

import type { ListListeners } from './listener.ts';
import { parseNetstat, parseTasklist } from './netstat-windows.ts';
import { runProgram } from './run-program.ts';

export type WindowsPrograms = { readonly netstat: string; readonly tasklist: string };

/** Where the programs are. `env` is the environment of this process. */
export function windowsPrograms(env: Readonly<Record<string, string | undefined>>): WindowsPrograms {
  // SECURITY: by full path, so that nothing of that name in a folder of the person is run instead.
  const folder = win32.join(env['SystemRoot'] ?? String.raw`C:\Windows`, 'System32');
  return { netstat: win32.join(folder, 'netstat.exe'), tasklist: win32.join(folder, 'tasklist.exe') };
}

export function windowsListeners(
  { netstat, tasklist }: WindowsPrograms,
  env: Readonly<Record<string, string | undefined>>,
): ListListeners {
  const passedOn = env['SystemRoot'] === undefined ? {} : { SystemRoot: env['SystemRoot'] };
  return async (signal) => {
    const options = { env: passedOn, signal };
    const [sockets, tasks] = await Promise.all([
      // Without -p: with it, netstat gives one of IPv4 and IPv6 only.
      runProgram(netstat, ['-ano'], options),
      // Names are not worth failing for.
      runProgram(tasklist, ['/FO', 'CSV', '/NH'], options).catch(() => ''),
    ]);
    const programs = parseTasklist(tasks);
    return parseNetstat(sockets).map((socket) => ({
      ...socket,
      process: programs.get(socket.pid) ?? null,
      directory: null,
    }));
  };
}
