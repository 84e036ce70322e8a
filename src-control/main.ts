/**
 * Process entry of the control plane: `main.ts --config FILE`.
 *
 * Prints one line of JSON on stdout once it serves, logs JSON lines on stderr, ends on SIGTERM, on SIGINT, and when the
 * process that started it over IPC goes away. Exits with 78 (EX_CONFIG) on a bad configuration, 70 on other failures.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { systemClock } from '#base/clock.ts';
import { createLogger, type Logger } from '#base/logger.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { listenError } from '#contract/errors/listen-error.ts';

import { readTokens } from './authorization/tokens.ts';
import { readConfig } from './config.ts';
import { readDefinitions, startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';

const exitCodes = { software: 70, config: 78 } as const;

async function main(): Promise<void> {
  const log = createLogger({
    level: 'info',
    sink: (line) => process.stderr.write(`${line}\n`),
    now: () => systemClock.now(),
    fields: { process: 'control' },
  });
  const options = await readOptions(log).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    report(log, new AgentError('SP_CONFIG_INVALID', { reason }, { cause: error }));
    process.exit(exitCodes.config);
  });
  const controlPlane = await startControlPlane(options).catch((error: unknown) => {
    const known = listenError(error);
    if (known === null) log.error('the control plane could not start', { error });
    else report(log, known);
    process.exit(exitCodes.software);
  });
  endWithReason(controlPlane, log);
  process.stdout.write(`${JSON.stringify({ event: 'ready', server: controlPlane.server })}\n`);
}

function report(log: Logger, { problem }: AgentError): void {
  const { title, ...rest } = problem;
  log.error(title, rest);
}

async function readOptions(log: Logger): Promise<ControlPlaneOptions> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('--config FILE is missing');
  const config = await readConfig(values.config);
  const [cert, key, tokens, definitions] = await Promise.all([
    readFile(config.certFile, 'utf8'),
    readFile(config.keyFile, 'utf8'),
    readTokens(config.tokensFile),
    readDefinitions(config.crdsDir),
  ]);
  const { host, port, dataDir } = config;
  return { host, port, dataDir, cert, key, tokens, definitions, clock: systemClock, random: Math.random, log };
}

function endWithReason(controlPlane: ControlPlane, log: Logger): void {
  let ending = false;
  const end = (reason: string): void => {
    if (ending) return;
    ending = true;
    log.info('ending', { reason });
    controlPlane.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('could not end in order', { error });
        process.exit(exitCodes.software);
      },
    );
  };
  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
  // A control plane that outlives the program that started it would hold the data directory for ever.
  if (process.connected) process.once('disconnect', () => end('parent gone'));
}

await main();
