/**
 * The three servers of the playground as supervised processes of plain Node.
 */
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import type { Logger } from '#base/logger.ts';
import type { PlaygroundPart } from '#contract/agent-state.ts';

import { launchNodeProcess, type NodeProcess } from '../supervision/node-process.ts';
import { superviseProcess, type SupervisedProcess } from '../supervision/supervised-process.ts';
import type { PlaygroundFiles, PlaygroundPartName } from './playground-files.ts';

export type PlaygroundParts = {
  readonly state: readonly PlaygroundPart[];
  onChange(listener: () => void): () => void;
  start(): void;
  /** Starts now what keeps stopping. */
  retryNow(): void;
  stop(): Promise<void>;
};

export type PlaygroundProgram = {
  /** A Node binary; never Electron's, whose memory cage is too small for servers. */
  readonly nodePath: string;
  readonly entries: Readonly<Record<PlaygroundPartName, string>>;
  readonly crdsDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** In this order they start; the reverse is the order they end. */
const order: readonly PlaygroundPartName[] = ['control', 'operator', 'edge'];
const readyTimeoutMs = 20_000;
const stopGraceMs = 5000;
/** A log that has grown beyond this is put aside at the next start; one old log is kept. */
const maxLogBytes = 5_000_000;

function isReadyLine(line: string): boolean {
  try {
    return (JSON.parse(line) as { event?: unknown } | null)?.event === 'ready';
  } catch {
    return false;
  }
}

export function logPathOf(directory: string, part: PlaygroundPartName): string {
  return join(directory, `${part}.log`);
}

function rotateLog(path: string): void {
  try {
    if (statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // No log yet.
  }
}

export function createPlaygroundParts(options: {
  readonly directory: string;
  readonly files: PlaygroundFiles;
  readonly program: PlaygroundProgram;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): PlaygroundParts {
  const { directory, files, program, clock, random, log } = options;
  const changes = createListeners<void>();

  const supervise = (part: PlaygroundPartName): SupervisedProcess<NodeProcess> => {
    const logPath = logPathOf(directory, part);
    return superviseProcess<NodeProcess>({
      name: part,
      launch: () => {
        rotateLog(logPath);
        return launchNodeProcess({
          nodePath: program.nodePath,
          entryPath: program.entries[part],
          args: ['--config', files.configs[part]],
          env: program.env,
          logPath,
        });
      },
      attach: (process, ready) => {
        process.onLine((line) => {
          if (isReadyLine(line)) ready();
        });
      },
      askToStop: (process) => process.terminate(),
      stopGraceMs,
      readyTimeoutMs,
      clock,
      random,
      log,
    });
  };

  const parts = order.map((name) => ({ name, supervised: supervise(name) }));
  let started = false;

  /** Operator and edge start once the control plane answers; without it they would only fail and wait. */
  const startDependents = (): void => {
    if (!started || parts[0]?.supervised.state.phase !== 'running') return;
    for (const { name, supervised } of parts) {
      if (name !== 'control' && supervised.state.phase === 'stopped') supervised.start();
    }
  };
  for (const { supervised } of parts) {
    supervised.onChange(() => {
      startDependents();
      changes.emit();
    });
  }

  return {
    get state() {
      return parts.map(({ name, supervised }) => ({ name, ...supervised.state }));
    },
    onChange: (listener) => changes.add(listener),
    start: () => {
      started = true;
      parts[0]?.supervised.start();
    },
    retryNow: () => {
      for (const { supervised } of parts) supervised.retryNow();
    },
    stop: async () => {
      started = false;
      for (const { supervised } of parts.toReversed()) await supervised.stop();
    },
  };
}
