/**
 * `sallyport serve`: publishes one service until it is interrupted, through the profile's agent.
 */
import { AgentError, problemOf, toAgentError, type Problem } from '#contract/errors/agent-error.ts';
import type { AgentState, ServiceState } from '#contract/agent-state.ts';
import type { AgentHandlers, Caller } from '#contract/ipc/contract.ts';
import { openAgent, type OpenedAgent } from '#main/agent/open-agent.ts';

import type { Composition } from '../composition.ts';
import { checkName, proposeName, proposeOtherName, readTarget, type Target } from '../target.ts';
import type { Terminal } from '../terminal.ts';
import { createServeReport, type Fate, type ServeReport } from './serve-report.ts';

export type ServeOptions = {
  readonly target: string;
  readonly name?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly keep: boolean;
};

/** Problems that waiting does not cure. */
const finalProblems: ReadonlySet<Problem['code']> = new Set(['SP_SERVICE_NAME_TAKEN', 'SP_INPUT_INVALID']);
/** Names tried after the plain one was taken by others. */
const maxOtherNames = 3;

type Outcome = 'interrupted' | 'agentLost' | { readonly problem: Problem };

/** Chooses the control plane that was asked for; without one the playground, unless one is chosen already. */
async function chooseControlPlane(agent: OpenedAgent, options: ServeOptions, caller: Caller): Promise<void> {
  const { calls } = agent.handlers;
  const { controlPlane } = await calls['state.get']({}, caller);
  if (options.kubeconfig === undefined && options.context === undefined) {
    if (controlPlane.kind === 'none') await calls['controlPlane.usePlayground']({}, caller);
    return;
  }
  const path = options.kubeconfig === undefined ? {} : { path: options.kubeconfig };
  const listed = await calls['controlPlane.listContexts'](path, caller);
  const context = options.context ?? listed.currentContext ?? listed.contexts[0]?.name ?? '';
  const isUsed =
    controlPlane.kind === 'kubeconfig' && controlPlane.path === listed.path && controlPlane.context === context;
  if (isUsed) return;
  if (agent.kind === 'attached' && controlPlane.kind !== 'none') {
    throw new AgentError('SP_CONTROL_PLANE_IN_USE');
  }
  await calls['controlPlane.useKubeconfig']({ path: listed.path, context }, caller);
}

/** Reports on the service `name` until it is over with it. */
function follow(options: {
  readonly agent: OpenedAgent;
  readonly name: string;
  readonly report: ServeReport;
  readonly signal: AbortSignal;
}): Promise<Outcome> {
  const { agent, name, report, signal } = options;
  const { watches } = agent.handlers;
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const finish = (outcome: Outcome): void => {
      for (const stop of stops.splice(0)) stop();
      signal.removeEventListener('abort', interrupt);
      resolve(outcome);
    };
    const interrupt = (): void => finish('interrupted');
    let seen = false;
    const look = (state: AgentState): void => {
      const service = state.services.find((each) => each.name === name);
      if (service === undefined) {
        // Deleted from the window or another terminal: nothing is served here any more.
        if (seen) finish({ problem: problemOf('SP_SERVICE_NOT_FOUND', { name }) });
        return;
      }
      seen = true;
      const { problem } = service;
      if (problem !== null && finalProblems.has(problem.code)) finish({ problem });
      else report.update(state, service);
    };
    if (signal.aborted) {
      resolve('interrupted');
      return;
    }
    signal.addEventListener('abort', interrupt);
    stops.push(
      watches['state.watch'](look),
      watches['traffic.watch']((samples) => report.traffic(samples)),
      agent.onClosed(() => finish('agentLost')),
    );
  });
}

/** Takes back what this command published, and says what became of it. */
async function withdraw(agent: OpenedAgent, name: string, caller: Caller): Promise<Fate> {
  const { calls } = agent.handlers;
  const find = async (): Promise<ServiceState | undefined> =>
    (await calls['state.get']({}, caller)).services.find((service) => service.name === name);
  const service = await find();
  if (service?.ephemeral === false) return agent.kind === 'own' ? 'saved' : 'served';
  if (service === undefined) return 'withdrawn';
  await calls['service.delete']({ name }, caller);
  return (await find()) === undefined ? 'withdrawn' : 'held';
}

export async function serve(
  composition: Composition,
  terminal: Terminal,
  options: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  const target: Target = readTarget(options.target);
  if (options.name !== undefined) checkName(options.name);
  const caller: Caller = { id: `serve-${process.pid}`, onGone: () => {} };
  const report = createServeReport({ terminal, target, pid: process.pid });
  let name = options.name;
  let otherNames = 0;

  const expose = async ({ calls }: AgentHandlers): Promise<string> => {
    const { services } = await calls['state.get']({}, caller);
    const exposed = name ?? proposeName(target, services satisfies readonly ServiceState[]);
    await calls['service.expose']({ name: exposed, ...target, ephemeral: !options.keep }, caller);
    return exposed;
  };

  /** True if it is to be tried again: with another name, or with another agent. */
  const attempt = async (agent: OpenedAgent): Promise<boolean> => {
    await chooseControlPlane(agent, options, caller);
    if (signal.aborted) return false;
    const exposed = await expose(agent.handlers);
    name = exposed;
    const outcome = await follow({ agent, name: exposed, report, signal });
    if (outcome === 'agentLost') return true;
    const fate = await withdraw(agent, exposed, caller);
    if (outcome === 'interrupted') {
      report.ended(exposed, fate);
      return false;
    }
    const canRename = outcome.problem.code === 'SP_SERVICE_NAME_TAKEN' && options.name === undefined;
    if (!canRename || otherNames >= maxOtherNames) throw new ProblemError(outcome.problem);
    otherNames += 1;
    name = proposeOtherName(target, composition.random);
    return true;
  };

  let again = true;
  while (again && !signal.aborted) {
    const agent = await openAgent(composition.agent);
    try {
      again = await attempt(agent);
    } catch (error) {
      // The agent that we were attached to ended in the middle of a call: on to the next one, or to our own.
      if (toAgentError(error).code !== 'SP_AGENT_CONNECTION_LOST') throw error;
    } finally {
      await agent.close({ withdraw: 'ephemeral' });
    }
  }
}

/** A problem of the agent's state as an error, its words as they are. */
export class ProblemError extends AgentError {
  readonly #problem: Problem;

  constructor(problem: Problem) {
    super(problem.code);
    this.#problem = problem;
  }

  override get problem(): Problem {
    return this.#problem;
  }
}
