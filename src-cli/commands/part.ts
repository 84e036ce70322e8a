/**
 * `sallyport control`, `operator`, `edge`: one server process by itself, in the foreground.
 */
import { fork } from 'node:child_process';

/** Runs the program at `entryPath` with this process's streams; resolves with its exit code. */
export function runPart(entryPath: string, config: string, signal: AbortSignal): Promise<number> {
  // The channel ends the server with us, whatever ends us.
  const child = fork(entryPath, ['--config', config], { stdio: 'inherit', execArgv: [] });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // A signal leaves no code; shells count 128 + its number, of which SIGTERM is the usual one.
    child.once('exit', (code) => resolve(code ?? 143));
  });
}
