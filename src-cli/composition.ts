/**
 * The command line's composition root: real clock, randomness, files and processes for the agent's parts.
 */
import { readFileSync } from 'node:fs';
import { homedir, hostname, platform, release, tmpdir } from 'node:os';

import { systemClock, type Clock } from '#base/clock.ts';
import { createLogger, type LogLevel, type Logger } from '#base/logger.ts';
import type { AgentOptions } from '#main/agent/agent.ts';
import { createChildEngineLauncher } from '#main/engine-host/engine-launcher.ts';
import { plainSecretStore } from '#main/identity/secret-store.ts';
import type { PlaygroundProgram } from '#main/playground/playground-parts.ts';
import { defaultProfile, profileDirectory } from '#main/state/profile-directory.ts';

import type { ProgramPaths } from './program-paths.ts';

export type Composition = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly paths: ProgramPaths;
  /** The profile's folder. */
  readonly directory: string;
  readonly endpoint: AgentOptions['endpoint'];
  readonly playground: PlaygroundProgram;
  readonly agent: AgentOptions;
};

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function levelFrom(env: NodeJS.ProcessEnv, fallback: LogLevel): LogLevel {
  return levels.find((level) => level === env['SALLYPORT_LOG']) ?? fallback;
}

/** The version that `packageFile` names. */
export function versionIn(packageFile: string): string {
  try {
    return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
  } catch {
    return '0.0.0';
  }
}

/** Whether a line of the engine's log is worth `level`. */
function isLoud(line: string, level: LogLevel): boolean {
  try {
    const found = levels.indexOf((JSON.parse(line) as { level: LogLevel }).level);
    return found >= levels.indexOf(level);
  } catch {
    return true;
  }
}

const operatingSystems: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: 'macOS',
  linux: 'Linux',
  win32: 'Windows',
};

/** Everything a command needs, for `profile`. Throws SP_INPUT_PROFILE if that cannot be a profile. */
export function compose(options: {
  readonly profile?: string;
  readonly paths: ProgramPaths;
  readonly env: NodeJS.ProcessEnv;
  /** Lowest level that is printed; SALLYPORT_LOG overrides it. */
  readonly logLevel: LogLevel;
}): Composition {
  const { paths, env } = options;
  const profile = options.profile ?? defaultProfile;
  const clock = systemClock;
  const random = Math.random;
  const level = levelFrom(env, options.logLevel);
  const sink = (line: string): void => void process.stderr.write(`${line}\n`);
  const log = createLogger({ level, sink, now: () => clock.now(), fields: { process: 'agent' } });
  const directory = profileDirectory(profile, { env, platform: platform(), homeDirectory: homedir() });
  const endpoint = { platform: platform(), temporaryDirectory: tmpdir(), uid: process.getuid?.() ?? -1 };
  const nodePath = process.execPath;
  const playground: PlaygroundProgram = {
    nodePath,
    entries: { control: paths.control, operator: paths.operator, edge: paths.edge },
    crdsDirectory: paths.crdsDirectory,
    env,
  };
  const agent: AgentOptions = {
    version: versionIn(paths.packageFile),
    profile,
    runtime: 'headless',
    pid: process.pid,
    directory,
    engineLauncher: createChildEngineLauncher({ nodePath, entryPath: paths.engine, env }),
    secrets: plainSecretStore,
    playground,
    endpoint,
    device: { name: hostname(), os: `${operatingSystems[platform()] ?? platform()} ${release()}` },
    env,
    homeDirectory: homedir(),
    clock,
    random,
    log,
    onEngineLogLine: (line) => {
      if (isLoud(line, level)) sink(line);
    },
  };
  return { clock, random, log, paths, directory, endpoint, playground, agent };
}
