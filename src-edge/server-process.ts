/**
 * What edge and operator have in common as processes: arguments, log, ready line, and every way to end.
 */
import { parseArgs } from 'node:util';

import { systemClock, type Clock } from '#base/clock.ts';
import { createLogger, type Logger } from '#base/logger.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { listenError } from '#contract/errors/listen-error.ts';
import { createKubeClient, type KubeClient } from '#kube/client.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';

import type { Outcome } from './config.ts';

export type Surroundings = { readonly clock: Clock; readonly random: () => number; readonly log: Logger };

export type Server = {
  /** Goes into the ready line. */
  readonly ready: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
};

/** sysexits: EX_USAGE, EX_SOFTWARE, EX_CONFIG. */
const exitCodes = { usage: 64, software: 70, config: 78 } as const;

/** The value of `outcome`. Throws SP_CONFIG_INVALID. */
export function expectValue<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new AgentError('SP_CONFIG_INVALID', { reason: outcome.problem });
}

/** A client for the current context of the kubeconfig at `path`. Throws SP_CONFIG_INVALID. */
export async function kubeClientFrom(path: string): Promise<KubeClient> {
  try {
    const loaded = await readKubeconfig(path);
    if (loaded.currentContext !== null) return createKubeClient(loaded.use(loaded.currentContext));
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new AgentError('SP_CONFIG_INVALID', { reason: `kubeconfig: ${error.problem.detail}` }, { cause: error });
  }
  throw new AgentError('SP_CONFIG_INVALID', { reason: `kubeconfig: ${path} has no current context` });
}

/** Runs `start` as this process; ends it on SIGTERM, on SIGINT, and when the process that forked it is gone. */
export async function runServer(
  name: string,
  start: (configFile: string, surroundings: Surroundings) => Promise<Server>,
): Promise<void> {
  const log = createLogger({
    level: 'info',
    sink: (line) => process.stderr.write(`${line}\n`),
    now: () => systemClock.now(),
    fields: { process: name },
  });
  // Whoever read the output may leave first.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const configFile = configArgument();
  if (configFile === null) {
    log.error('usage: --config FILE');
    process.exit(exitCodes.usage);
  }
  // Timers of the clock keep no process alive, and without a control plane there may be nothing else for a while.
  setInterval(() => {}, 2 ** 30);
  const ending = endRequest();
  const starting = start(configFile, { clock: systemClock, random: Math.random, log });
  // What is not up yet has nothing to hand over.
  const server = await Promise.race([starting, ending.then(() => null)]).catch((error: unknown) => {
    const known = error instanceof AgentError ? error : listenError(error);
    if (known === null) log.error('could not start', { error });
    else {
      const { title, ...problem } = known.problem;
      log.error(title, problem);
    }
    process.exit(known?.code === 'SP_CONFIG_INVALID' ? exitCodes.config : exitCodes.software);
  });
  if (server === null) process.exit(0);
  process.stdout.write(`${JSON.stringify({ event: 'ready', ...server.ready })}\n`);
  log.info('ending', { reason: await ending });
  await server.close().catch((error: unknown) => {
    log.error('could not end in order', { error });
    process.exit(exitCodes.software);
  });
  process.exit(0);
}

function configArgument(): string | null {
  try {
    return parseArgs({ options: { config: { type: 'string' } } }).values.config ?? null;
  } catch {
    return null;
  }
}

function endRequest(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    // A server that outlives the program that started it would hold its ports for ever.
    if (process.connected) process.once('disconnect', () => resolve('parent gone'));
  });
}
