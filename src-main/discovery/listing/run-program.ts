/**
 * Runs a program of the system for what it prints, bounded in time and size.
 */
import { execFile } from 'node:child_process';

/** Some 10,000 sockets. */
const maxOutputBytes = 2_000_000;

export type ProgramOptions = {
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program. */
  readonly signal: AbortSignal;
};

/**
 * What `path` prints, byte for byte as Latin-1; of too much the whole lines that fit. Programs that list are not judged by their
 * exit code: `lsof` ends with 1 when one thing of many was not there. Rejects if it cannot be run, or not to its end.
 */
export function runProgram(path: string, args: readonly string[], options: ProgramOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      path,
      [...args],
      { ...options, encoding: 'latin1', maxBuffer: maxOutputBytes, killSignal: 'SIGKILL', windowsHide: true },
      (error, stdout) => {
        if (error === null || typeof error.code === 'number') {
          resolve(stdout);
        } else if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
          // Half a line could be another number.
          resolve(stdout.slice(0, stdout.lastIndexOf('\n') + 1));
        } else if (options.signal.aborted) {
          reject(new Error(`${path} did not finish in time.`));
        } else {
          reject(new Error(`${path} cannot be run (${error.code ?? error.signal ?? error.message}).`));
        }
      },
    );
  });
}
