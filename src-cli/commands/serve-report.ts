/**
 * What `serve` tells while it publishes: the steps as they are done, the URL once it was proven, requests after that.
 */
import type { AgentState, ServiceState, ServiceStepId, TrafficSample } from '#contract/agent-state.ts';

import { authority, bytes, duration } from '../format.ts';
import type { Target } from '../target.ts';
import type { Terminal } from '../terminal.ts';

export type ServeReport = {
  update(state: AgentState, service: ServiceState): void;
  traffic(samples: readonly TrafficSample[]): void;
  /** The command is over with the service `name`. */
  ended(name: string, fate: Fate): void;
};

/**
 * What becomes of the service when the command ends. held: another command serves it too. served: its agent goes on.
 * saved: its agent ends with this command.
 */
export type Fate = 'withdrawn' | 'held' | 'served' | 'saved';

const stepWords: Readonly<Record<ServiceStepId, string>> = {
  declared: 'Declared in the control plane',
  tunnel: 'Tunnel to the edge',
  hostname: 'Hostname assigned',
  route: 'Route programmed',
  answer: 'Answered through the tunnel',
};

const endings: Readonly<Record<Fate, string>> = {
  withdrawn: 'is withdrawn.',
  held: 'stays published: another command serves it.',
  served: 'stays published while the agent of this profile runs.',
  saved: 'stays in this profile and can be reached again as soon as an agent of the profile runs.',
};

/** What the end of this command does to `service`; an own agent ends with it. */
function whatEnds({ ephemeral, name }: ServiceState, isOwnAgent: boolean): string {
  if (ephemeral) return 'Ctrl-C withdraws it, unless another command serves it too.';
  return `When this command ends, ${name} ${endings[isOwnAgent ? 'saved' : 'served']}`;
}

export function createServeReport(options: {
  readonly terminal: Terminal;
  readonly target: Target;
  /** Id of this process. */
  readonly pid: number;
}): ServeReport {
  const { terminal, target } = options;
  const { style } = terminal;
  const told = new Set<ServiceStepId>();
  let served = false;
  let problemTold: string | null = null;
  let totals = { requests: 0, bytesIn: 0, bytesOut: 0 };

  const tellSteps = ({ steps }: ServiceState): void => {
    for (const [index, { id, doneAfterMs }] of steps.entries()) {
      if (doneAfterMs === null || told.has(id)) continue;
      told.add(id);
      terminal.event({ event: 'progress', step: id, afterMs: doneAfterMs });
      // Of steps that were first seen together, how long they took is known of the last one only.
      const hasOwnTime = steps[index + 1]?.doneAfterMs !== doneAfterMs;
      const time = hasOwnTime ? style.dim(duration(doneAfterMs)) : '';
      terminal.say(`${style.green('✓')} ${stepWords[id].padEnd(32)}${time}`.trimEnd());
    }
  };

  const tellServing = (state: AgentState, service: ServiceState): void => {
    const { name, url } = service;
    if (served) {
      if (problemTold !== null) terminal.event({ event: 'recovered', name });
      if (problemTold !== null) terminal.say(`${style.green('✓')} ${name} answers again`);
      return;
    }
    served = true;
    terminal.event({ event: 'serving', url, name, connector: state.connector?.name ?? null });
    terminal.say('');
    terminal.say(`  ${style.bold(style.cyan(url ?? ''))}  →  ${authority(target.host, target.port)}`);
    terminal.say('');
    const who = state.controlPlane.kind === 'playground' ? 'Anyone on this machine' : 'Anyone with the address';
    const isOwnAgent = state.agent.pid === options.pid;
    terminal.say(style.dim(`  ${who} can reach it. ${whatEnds(service, isOwnAgent)}`));
  };

  const tellProblem = ({ problem }: ServiceState): void => {
    const text = problem === null ? null : `${problem.code} ${problem.detail}`;
    if (problem === null || text === problemTold) return;
    problemTold = text;
    terminal.event({ event: 'problem', problem });
    if (!terminal.json) terminal.explain(problem);
  };

  return {
    update: (state, service) => {
      tellSteps(service);
      if (service.phase === 'ready') {
        tellServing(state, service);
        problemTold = null;
      } else {
        tellProblem(service);
      }
    },
    traffic: (samples) => {
      for (const { requests, bytesIn, bytesOut } of samples) {
        totals = {
          requests: totals.requests + requests,
          bytesIn: totals.bytesIn + bytesIn,
          bytesOut: totals.bytesOut + bytesOut,
        };
      }
      if (!served || samples.length === 0) return;
      const { requests, bytesIn, bytesOut } = totals;
      terminal.sayInPlace(
        style.dim(`  ${requests} requests · ${bytes(bytesIn)} in · ${bytes(bytesOut)} out through this agent`),
      );
    },
    ended: (name, fate) => {
      if (fate === 'withdrawn') terminal.event({ event: 'withdrawn', name });
      terminal.say(`${name} ${endings[fate]}`);
    },
  };
}
