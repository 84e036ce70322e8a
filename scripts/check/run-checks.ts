/**
 * Runs checks side by side and keeps what each of them said.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export type Check = {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
};

export type CheckResult = {
  readonly check: Check;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
};

/** Far beyond what any of them takes; one that hangs must not hang the rest. */
const limitMs = 600_000;

function runCheck(root: string, check: Check): Promise<CheckResult> {
  const [program, ...args] = check.command;
  const startedAt = performance.now();
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((resolve) => {
    let output = '';
    const finish = (ok: boolean): void => {
      clearTimeout(timer);
      resolve({ check, ok, seconds: (performance.now() - startedAt) / 1000, output: output.trim() });
    };
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
      shell: process.platform === 'win32',
    });
    const timer = setTimeout(() => {
      output += `\nended after ${limitMs / 1000} s`;
      child.kill('SIGKILL');
    }, limitMs);
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      output += error.message;
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

/** Runs all `checks`, at most `concurrency` at a time; `onResult` hears of each as it ends. */
export async function runChecks(
  root: string,
  checks: readonly Check[],
  concurrency: number,
  onResult: (result: CheckResult) => void,
): Promise<readonly CheckResult[]> {
  const waiting = [...checks];
  const results: CheckResult[] = [];
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const result = await runCheck(root, check);
      results.push(result);
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}
