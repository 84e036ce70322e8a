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
  ended(name: string, withdrawn: boolean): void;
};

const stepWords: Readonly<Record<ServiceStepId, string>> = {
  declared: 'Declared in the control plane',
  tunnel: 'Tunnel to the edge',
  hostname: 'Hostname assigned',
  route: 'Route programmed',
  answer: 'Answered through the tunnel',
};

export function createServeReport(options: {
  readonly terminal: Terminal;
  readonly target: Target;
  readonly keep: boolean;
}): ServeReport {
  const { terminal, target, keep } = options;
  const { style } = terminal;
  const told = new Set<ServiceStepId>();
  let served = false;
  let problemTold: string | null = null;
  let totals = { requests: 0, bytesIn: 0, bytesOut: 0 };

  const tellSteps = ({ steps }: ServiceState): void => {
    for (const { id, doneAfterMs } of steps) {
      if (doneAfterMs === null || told.has(id)) continue;
      told.add(id);
      terminal.event({ event: 'progress', step: id, afterMs: doneAfterMs });
      terminal.say(`${style.green('✓')} ${stepWords[id].padEnd(32)}${style.dim(duration(doneAfterMs))}`);
    }
  };

  const tellServing = (state: AgentState, { name, url }: ServiceState): void => {
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
    const end = keep ? 'It stays published when this command ends.' : 'Ctrl-C withdraws it.';
    terminal.say(style.dim(`  ${who} can reach it. ${end}`));
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
    ended: (name, withdrawn) => {
      if (withdrawn) terminal.event({ event: 'withdrawn', name });
      terminal.say(
        withdrawn ? `${name} is withdrawn.` : `${name} stays published while an agent of this profile runs.`,
      );
    },
  };
}
