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
  let toldOwner: boolean | null = null;
  let toldProblem: string | null = null;

  /** What the end of this command does, which changes when another process hands the playground over. */
  const tellOwner = (): void => {
    const { owner } = running.state;
    if (owner === toldOwner) return;
    toldOwner = owner;
    const end = owner
      ? 'Ctrl-C ends it, unless an agent of this profile uses it and takes it over.'
      : 'Another process of this profile runs it; it goes on when this command ends.';
    terminal.say(terminal.style.dim(`  Anyone on this machine can reach what is published here. ${end}`));
  };

  const announce = (): void => {
    const { phase, access } = running.state;
    if (phase !== 'running' || access === null) return;
    toldProblem = null;
    const event = { event: 'ready', kubeconfig: access.adminKubeconfig, edge: { http: access.edgeHttp } };
    const text = JSON.stringify(event);
    if (text !== announced) {
      announced = text;
      terminal.event(event);
      terminal.say(`${terminal.style.green('✓')} The playground runs.`);
      terminal.say(`  kubectl  export KUBECONFIG=${access.adminKubeconfig}`);
      terminal.say(`  edge     ${access.edgeHttp}`);
    }
    tellOwner();
  };

  /** A playground that ran before is told about and goes on trying; one that never ran is given up. */
  const isGivenUp = (): boolean => {
    const { phase, problem } = running.state;
    if (phase !== 'faulted' || problem === null) return false;
    if (announced === '') return true;
    if (problem.detail !== toldProblem) terminal.explain(problem);
    toldProblem = problem.detail;
    return false;
  };

  const failed = new Promise<void>((resolve) => {
    running.onChange(() => {
      announce();
      if (isGivenUp()) resolve();
    });
  });
  running.start();
  await Promise.race([failed, untilAborted(signal)]);
  const { problem } = running.state;
  await running.stop();
  if (!signal.aborted && problem !== null) throw new ProblemError(problem);
}
