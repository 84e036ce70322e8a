/**
 * Child processes of the tests: started, read line by line, and always ended.
 */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Child = {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Lines of stdout and stderr so far, for the report of a failed test. */
  readonly output: readonly string[];
  /** The first stdout line that is a JSON object with this `event`; rejects when the process ends before. */
  event<T extends object>(name: string, timeoutMs?: number): Promise<T>;
  /** Sends `signal` and resolves with the exit code (null when a signal ended it). */
  end(signal: NodeJS.Signals, timeoutMs?: number): Promise<number | null>;
  readonly exited: Promise<number | null>;
};

function parseEvent(line: string): { event?: string } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

/** Starts `command`; the child never outlives the test run, since it is killed when this process exits. */
export function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): Child {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const output: string[] = [];
  const events: { event?: string }[] = [];
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const killOnExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killOnExit);

  let ended = false;
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      ended = true;
      process.removeListener('exit', killOnExit);
      resolve(code);
      notify();
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      const event = stream === child.stdout ? parseEvent(line) : null;
      if (event !== null) events.push(event);
      notify();
    });
  }

  const event = <T extends object>(name: string, timeoutMs = 60_000): Promise<T> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        listeners.delete(look);
        settle();
      };
      const report = (what: string): Error =>
        new Error(`${what} before the event "${name}". Its output:\n${output.slice(-40).join('\n')}`);
      const look = (): void => {
        const found = events.find((candidate) => candidate.event === name);
        if (found !== undefined) finish(() => resolve(found as T));
        else if (ended) finish(() => reject(report(`${command} ended`)));
      };
      const timer = setTimeout(() => finish(() => reject(report(`${timeoutMs} ms passed`))), timeoutMs);
      listeners.add(look);
      look();
    });

  const end = async (signal: NodeJS.Signals, timeoutMs = 20_000): Promise<number | null> => {
    if (!ended) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const code = await exited;
    clearTimeout(timer);
    return code;
  };

  return { process: child, pid: child.pid ?? -1, output, event, end, exited };
}
