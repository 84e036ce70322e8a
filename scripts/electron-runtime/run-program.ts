/**
 * Runs a program to its end and collects what it says.
 */
import { execFile } from 'node:child_process';

export type ProgramOutcome = { readonly ok: boolean; readonly stdout: string; readonly stderr: string };

/** Never rejects: a program that is missing or takes longer than `timeoutMs` has simply failed. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: {
    readonly timeoutMs: number;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  },
): Promise<ProgramOutcome> {
  const { timeoutMs, cwd, env } = options;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', cwd, env: { ...process.env, ...env }, maxBuffer: 16_000_000 },
      (error, stdout, stderr) => resolve({ ok: error === null, stdout, stderr: stderr || (error?.message ?? '') }),
    );
  });
}
