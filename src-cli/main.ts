/**
 * The command line: names, options and JSON are a contract for scripts (docs/command-line.md).
 */
import { basename } from 'node:path';

import { Command, CommanderError } from 'commander';

import type { LogLevel } from '#base/logger.ts';
import { problemOf, toAgentError } from '#contract/errors/agent-error.ts';

import { agent } from './commands/agent.ts';
import { discover } from './commands/discover.ts';
import { runPart } from './commands/part.ts';
import { playground } from './commands/playground.ts';
import { retry } from './commands/retry.ts';
import { serve, type ServeOptions } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { web } from './commands/web.ts';
import { compose, versionIn, type Composition } from './composition.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { interruption } from './interruption.ts';
import { programPaths } from './program-paths.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const paths = programPaths(import.meta.dirname, basename(import.meta.filename));

type CommonOptions = { readonly profile?: string; readonly json?: boolean };

/** Timers of ours do not keep a process alive, so that nothing else has to be counted; a running command does. */
const keepAliveMs = 3_600_000;

async function run(options: CommonOptions, logLevel: LogLevel, work: Work): Promise<void> {
  const { env, stdout, stderr } = process;
  const terminal = createTerminal({ out: stdout, error: stderr, env, json: options.json ?? false });
  const keepAlive = setInterval(() => {}, keepAliveMs);
  const profile = options.profile === undefined ? {} : { profile: options.profile };
  let code: number = exitCodes.ok;
  try {
    code = (await work(compose({ ...profile, paths, env, logLevel }), terminal, interruption(stdout))) ?? exitCodes.ok;
  } catch (thrown) {
    const error = toAgentError(thrown);
    terminal.explain(error.problem);
    code = exitCodeOf(error.code);
  } finally {
    clearInterval(keepAlive);
  }
  exitAfterOutput(code);
}

type Work = (composition: Composition, terminal: Terminal, signal: AbortSignal) => Promise<number | void>;

/** Ends the process once standard output took everything: a pipe is written asynchronously. */
function exitAfterOutput(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
}

// Whoever closed standard error does not want to hear of it.
process.stderr.on('error', () => {});

const program = new Command('sallyport')
  .description('Makes a service on this machine reachable, without an open port.')
  .version(versionIn(paths.packageFile), '--version', 'version of this program')
  .exitOverride()
  // What is wrong with a command is told like every other failure, below.
  .configureOutput({ outputError: () => {} })
  .configureHelp({ showGlobalOptions: true });

const withCommon = (command: Command): Command =>
  command
    .option('--profile <name>', 'profile to use; each has its own agent, key and services')
    .option('--json', 'one JSON object a line on standard output');

withCommon(program.command('serve <target>'))
  .description('publish a port of this machine, or HOST:PORT, until interrupted')
  .option('--name <name>', 'name of the service, part of its address')
  .option('--kubeconfig <file>', 'control plane to use instead of the playground')
  .option('--context <name>', 'context of the kubeconfig')
  .option('--keep', 'leave it published; the next agent of the profile serves it again', false)
  .action((target: string, options: CommonOptions & Omit<ServeOptions, 'target'>) =>
    run(options, 'error', (composition, terminal, signal) =>
      serve(composition, terminal, { ...options, target }, signal),
    ),
  );

withCommon(program.command('status'))
  .description('what is published, the connector and its connections')
  .action((options: CommonOptions) => run(options, 'error', status));

withCommon(program.command('retry'))
  .description('try now what the running agent would try later')
  .action((options: CommonOptions) => run(options, 'error', retry));

withCommon(program.command('web'))
  .description('a new link to the window of the running agent, for a browser')
  .action((options: CommonOptions) => run(options, 'error', web));

withCommon(program.command('discover [ports...]'))
  .description('what listens on this machine and could be exposed')
  .action((ports: readonly string[], options: CommonOptions) =>
    run(options, 'error', (composition, terminal) => discover(composition, terminal, ports)),
  );

withCommon(program.command('playground'))
  .description('control plane, operator and edge on this machine, in the foreground')
  .action((options: CommonOptions) => run(options, 'error', playground));

withCommon(program.command('agent'))
  .description('the agent without a window, in the foreground')
  .option('--web', 'serve the window on loopback behind a one-time link', false)
  .action((options: CommonOptions & { readonly web: boolean }) =>
    run(options, 'warn', (composition, terminal, signal) => agent(composition, terminal, options, signal)),
  );

const parts = [
  ['control', 'the embedded control plane'],
  ['operator', 'the platform’s controllers'],
  ['edge', 'where visitors and agents arrive'],
] as const;
for (const [name, description] of parts) {
  program
    .command(name)
    .description(`${description}, by itself`)
    .requiredOption('--config <file>', 'its configuration')
    .action(({ config }: { readonly config: string }) =>
      run({}, 'error', (_composition, _terminal, signal) => runPart(paths[name], config, signal)),
    );
}

/** `error: missing required argument 'target'` as a problem with a code. */
function explainUsage(message: string): void {
  const { env, stdout, stderr } = process;
  const text = message.replace(/^error: /, '').replace(/\.$/, '');
  const reason = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
  const terminal = createTerminal({ out: stdout, error: stderr, env, json: false });
  terminal.explain(problemOf('SP_USAGE', { reason }));
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  // Without a command there is help, and nothing to explain.
  if (error.exitCode !== 0 && error.code !== 'commander.help') explainUsage(error.message);
}
