/**
 * Runs the tunnel engine as a utility process of Electron: another crash domain, and a name of its own among the
 * app's processes.
 */
import type { UtilityProcess, utilityProcess } from 'electron';

import type { EngineToAgent } from '#contract/engine.ts';

import type { EngineLauncher } from '../engine-host/engine-launcher.ts';

/** What the engine needs of the environment: nothing that might hold a credential. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'];

function minimalEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function createUtilityEngineLauncher(options: {
  readonly fork: (typeof utilityProcess)['fork'];
  /** The engine's entry script. */
  readonly entryPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends a process that does not listen any more. */
  readonly killHard: (pid: number) => void;
}): EngineLauncher {
  return {
    launch: () => {
      const child: UtilityProcess = options.fork(options.entryPath, [], {
        serviceName: 'Tunnel engine',
        // SECURITY: no token of this process's environment reaches the one that parses foreign bytes.
        env: minimalEnvironment(options.env),
        execArgv: [],
        stdio: 'ignore',
      });
      return {
        get pid() {
          return child.pid ?? null;
        },
        kill: () => {
          if (child.pid !== undefined) options.killHard(child.pid);
          else child.kill();
        },
        onExit: (listener) => child.once('exit', (code) => listener({ code, signal: null })),
        postMessage: (message) => child.postMessage(message),
        // Our own code on a channel only we hold; its messages are trusted as typed.
        onMessage: (listener) => child.on('message', (message) => listener(message as EngineToAgent)),
      };
    },
  };
}
