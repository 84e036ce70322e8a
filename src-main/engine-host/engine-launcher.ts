/**
 * The port through which the tunnel engine's process is started: as a child of Node, or of Electron by the shell.
 */
import type { AgentToEngine, EngineToAgent } from '#contract/engine.ts';

import { launchNodeProcess } from '../supervision/node-process.ts';
import type { LaunchedProcess } from '../supervision/supervised-process.ts';

export type EngineProcess = LaunchedProcess & {
  readonly postMessage: (message: AgentToEngine) => void;
  onMessage(listener: (message: EngineToAgent) => void): void;
};

export type EngineLauncher = { launch(): EngineProcess };

/** Runs the engine as a child process of Node. */
export function createChildEngineLauncher(options: {
  readonly nodePath: string;
  /** The engine's entry script. */
  readonly entryPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): EngineLauncher {
  return {
    launch: () => {
      const child = launchNodeProcess(options);
      return {
        pid: child.pid,
        kill: () => child.kill(),
        onExit: (listener) => child.onExit(listener),
        postMessage: (message) => child.send(message),
        // The engine is our own code on a channel only we hold; its messages are trusted as typed.
        onMessage: (listener) => child.onMessage((message) => listener(message as EngineToAgent)),
      };
    },
  };
}
