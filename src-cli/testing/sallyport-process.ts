/**
 * The command line as a child process with a profile folder of its own, for system tests.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { EndpointLocation } from '#main/local-endpoint/endpoint-path.ts';

export type SallyportEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export type SallyportProcess = {
  readonly pid: number;
  readonly events: readonly SallyportEvent[];
  readonly output: () => string;
  readonly exited: Promise<number | null>;
  /** The first event of this name; rejects with the output if the process ends before. */
  event(name: string): Promise<SallyportEvent>;
  signal(signal: NodeJS.Signals): void;
  /** Goes away as a reader of its standard output. */
  stopReading(): void;
};

export type Home = {
  readonly path: string;
  /** Where the agent of the default profile is reached. */
  readonly agentLocation: EndpointLocation;
  run(...args: readonly string[]): SallyportProcess;
  /** Ends what still runs and removes the folder. */
  remove(): Promise<void>;
};

function parse(line: string): SallyportEvent | null {
  try {
    const value = JSON.parse(line) as SallyportEvent | null;
    return typeof value?.event === 'string' ? value : null;
  } catch {
    return null;
  }
}

function follow(child: ChildProcess): SallyportProcess {
  const lines: string[] = [];
  const events: SallyportEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      ended = true;
      wake();
      resolve(code);
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      const event = parse(line);
      if (event !== null) events.push(event);
      wake();
    });
  }
  const output = (): string => lines.join('\n');
  return {
    pid: child.pid ?? -1,
    events,
    output,
    exited,
    event: (name) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.find(({ event }) => event === name);
          if (found === undefined && !ended) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error(`It ended before “${name}”:\n${output()}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
    signal: (signal) => void child.kill(signal),
    stopReading: () => void child.stdout?.destroy(),
  };
}

/** `program` is the command line's script. */
export async function makeHome(program: string): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'sp-cli-'));
  const children: { readonly child: ChildProcess; readonly exited: Promise<unknown> }[] = [];
  return {
    path,
    agentLocation: {
      directory: join(path, 'profiles/default'),
      name: 'agent',
      platform: process.platform,
      temporaryDirectory: tmpdir(),
      uid: process.getuid?.() ?? -1,
    },
    run: (...args) => {
      const child = spawn(process.execPath, [program, ...args], {
        env: { ...process.env, SALLYPORT_HOME: path, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const running = follow(child);
      children.push({ child, exited: running.exited });
      return running;
    },
    remove: async () => {
      for (const { child, exited } of children) {
        child.kill('SIGKILL');
        await exited;
      }
      await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
