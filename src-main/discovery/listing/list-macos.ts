/**
 * Lists listening sockets on macOS with `lsof`, which belongs to the system.
 *
 * Without privileges it tells of the person's own processes only.
 */
import type { ListListeners } from './listener.ts';
import { listeningAt, parseLsofFields } from './lsof-fields.ts';
import { runProgram, type ProgramOptions } from './run-program.ts';

/** In this locale other letters are printed as `\xNN`, whatever the person's own is. */
const env = { LC_ALL: 'C' };
/** For the arguments of one command. */
const maxProcesses = 500;

async function directoriesOf(
  path: string,
  pids: readonly number[],
  options: ProgramOptions,
): Promise<ReadonlyMap<number, string>> {
  if (pids.length === 0) return new Map();
  const chosen = pids.slice(0, maxProcesses).join(',');
  const text = await runProgram(path, ['-a', '-w', '-d', 'cwd', '-p', chosen, '-F', 'pn'], options);
  return new Map(parseLsofFields(text).map(({ pid, name }) => [pid, name]));
}

/** `path` is where `lsof` is. */
export function macosListeners(path = '/usr/sbin/lsof'): ListListeners {
  return async (signal) => {
    const options = { env, signal };
    const files = parseLsofFields(await runProgram(path, ['-nPw', '-iTCP', '-sTCP:LISTEN', '-F', 'pcftn'], options));
    const pids = [...new Set(files.map(({ pid }) => pid))];
    // A project's name is not worth failing for.
    const directories = await directoriesOf(path, pids, options).catch(() => new Map<number, string>());
    return files.flatMap((file) => {
      const at = listeningAt(file);
      const { pid, command: process } = file;
      return at === null ? [] : [{ ...at, pid, process, directory: directories.get(pid) ?? null }];
    });
  };
}
