/**
 * A tunnel engine for tests that are not about the tunnel: starts at once, takes any configuration, ends when asked to.
 */
import type { AgentToEngine, EngineConfig, EngineToAgent } from '#contract/engine.ts';

import type { EngineLauncher } from '../engine-host/engine-launcher.ts';

/** `onConfig` gets each configuration the engine is sent. */
export function scriptedEngine(onConfig: (config: EngineConfig) => void = () => {}): EngineLauncher {
  return {
    launch: () => {
      let tell: (message: EngineToAgent) => void = () => {};
      let exit: () => void = () => {};
      queueMicrotask(() => tell({ type: 'started', pid: 1 }));
      return {
        pid: 1,
        kill: () => exit(),
        onExit: (listener) => {
          const before = exit;
          exit = () => {
            before();
            listener({ code: 0, signal: null });
          };
        },
        onMessage: (listener) => {
          const before = tell;
          tell = (message) => {
            before(message);
            listener(message);
          };
        },
        postMessage: (message: AgentToEngine) => {
          if (message.type === 'apply') onConfig(message.config);
          if (message.type === 'ping') tell({ type: 'pong', id: message.id });
          if (message.type === 'drain') exit();
        },
      };
    },
  };
}
