/**
 * Child processes of plain Node with an IPC channel: how each of them is started.
 *
 * Whatever runs this way ends when the channel closes, so that no child outlives its parent.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

import type { LaunchedProcess } from './supervised-process.ts';

export type NodeProcess = LaunchedProcess & {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Each line of standard output. */
  onLine(listener: (line: string) => void): void;
  /** Asks it to end by itself. */
  terminate(): void;
};

export type NodeProcessOptions = {
  /** The Node binary. */
  readonly nodePath: string;
  /** The script to run. */
  readonly entryPath: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where standard error goes; without it, it is discarded. */
  readonly logPath?: string;
};

/** What a child needs of the environment, and nothing that might hold a credential. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'SystemRoot', 'NODE_EXTRA_CA_CERTS'];

function minimalEnvironment(env: NodeProcessOptions['env']): Record<string, string> {
  // SECURITY: tokens in the parent's environment stay there.
  return Object.fromEntries(
    passedOn.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function forkChild(options: NodeProcessOptions): ChildProcess {
  const log = options.logPath === undefined ? 'ignore' : openSync(options.logPath, 'a', 0o600);
  try {
    return fork(options.entryPath, [...(options.args ?? [])], {
      execPath: options.nodePath,
      execArgv: [],
      env: minimalEnvironment(options.env),
      stdio: ['ignore', 'pipe', log, 'ipc'],
      // A group of its own: Ctrl-C in a terminal reaches the whole foreground group, and the parent, which has to
      // withdraw first, ends its children itself.
      detached: process.platform !== 'win32',
    });
  } finally {
    if (typeof log === 'number') closeSync(log);
  }
}

export function launchNodeProcess(options: NodeProcessOptions): NodeProcess {
  const child = forkChild(options);
  const lines = child.stdout === null ? null : createInterface({ input: child.stdout });
  // A channel that breaks shows as an exit; without a listener the error would end this process.
  child.on('error', () => {});
  return {
    pid: child.pid ?? null,
    send: (message) => {
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (listener) => child.on('message', listener),
    onLine: (listener) => lines?.on('line', listener),
    terminate: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
    onExit: (listener) => {
      let ended = false;
      const end = (code: number | null, signal: string | null): void => {
        if (ended) return;
        ended = true;
        lines?.close();
        listener({ code, signal });
      };
      child.once('exit', end);
      // Not started at all: there is an error and no exit.
      child.once('error', () => {
        if (child.pid === undefined) end(null, null);
      });
    },
  };
}
