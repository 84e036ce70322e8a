/**
 * `sallyport playground`: control plane, operator and edge on this machine, in the foreground.
 */
import { join } from 'node:path';

import { createPlayground } from '#main/playground/playground.ts';
import { makePrivateDirectory } from '#main/state/private-files.ts';

import type { Composition } from '../composition.ts';
import { untilAborted } from '../interruption.ts';
import type { Terminal } from '../terminal.ts';
import { ProblemError } from './serve.ts';

export async function playground(composition: Composition, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { clock, random, log, directory, endpoint } = composition;
  await makePrivateDirectory(directory);
  const running = createPlayground({
    directory: join(directory, 'playground'),
    program: composition.playground,
    endpoint,
    clock,
    random,
    log,
  });
  let announced = '';

  const announce = (): void => {
    const { phase, access } = running.state;
    if (phase !== 'running' || access === null) return;
    const event = { event: 'ready', kubeconfig: access.adminKubeconfig, edge: { http: access.edgeHttp } };
    const text = JSON.stringify(event);
    if (text === announced) return;
    announced = text;
    terminal.event(event);
    terminal.say(`${terminal.style.green('✓')} The playground runs.`);
    terminal.say(`  kubectl  export KUBECONFIG=${access.adminKubeconfig}`);
    terminal.say(`  edge     ${access.edgeHttp}`);
    terminal.say(terminal.style.dim('  Anyone on this machine can reach what is published here. Ctrl-C ends it.'));
  };

  const failed = new Promise<void>((resolve) => {
    running.onChange(() => {
      announce();
      if (running.state.phase === 'failed') resolve();
    });
  });
  running.start();
  await Promise.race([failed, untilAborted(signal)]);
  const { problem } = running.state;
  await running.stop();
  if (!signal.aborted && problem !== null) throw new ProblemError(problem);
}
