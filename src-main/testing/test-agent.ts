/**
 * A whole agent for tests, with a scripted engine: everything but the tunnel and the playground's servers is real.
 */
import { tmpdir } from 'node:os';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';

import { createAgent, type Agent } from '../agent/agent.ts';
import type { EngineLauncher } from '../engine-host/engine-launcher.ts';
import { plainSecretStore } from '../identity/secret-store.ts';
import { scriptedEngine } from './scripted-engine.ts';

/** An agent that lives in `directory`; not started. */
export function openTestAgent(options: {
  readonly directory: string;
  readonly engineLauncher?: EngineLauncher;
  readonly clock?: Clock;
}): Promise<Agent> {
  return createAgent({
    version: '0',
    profile: 'test',
    runtime: 'headless',
    pid: process.pid,
    directory: options.directory,
    engineLauncher: options.engineLauncher ?? scriptedEngine(),
    secrets: plainSecretStore,
    playground: {
      nodePath: process.execPath,
      entries: { control: 'none', operator: 'none', edge: 'none' },
      crdsDirectory: 'none',
      env: {},
    },
    endpoint: { platform: process.platform, temporaryDirectory: tmpdir(), uid: process.getuid?.() ?? -1 },
    device: { name: 'Test Laptop', os: 'Linux' },
    env: {},
    homeDirectory: options.directory,
    clock: options.clock ?? systemClock,
    // The shortest delays.
    random: () => 0,
    log: silentLogger,
  });
}
