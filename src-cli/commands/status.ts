/**
 * `sallyport status`: what the profile's agent publishes and how it is.
 */
import type { AgentState, ControlPlaneState } from '#contract/agent-state.ts';
import type { Problem } from '#contract/errors/agent-error.ts';

import type { Composition } from '../composition.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { authority, table } from '../format.ts';
import { withRunningAgent } from '../running-agent.ts';
import type { Terminal } from '../terminal.ts';

function controlPlaneText(controlPlane: ControlPlaneState): string {
  if (controlPlane.kind === 'none') return 'none chosen';
  if (controlPlane.kind === 'playground') return `playground, ${controlPlane.phase}`;
  const { context, server, namespace, phase } = controlPlane;
  return `${context} (${server}, namespace ${namespace}), ${phase}`;
}

function connectorText({ connector }: AgentState): string {
  return connector === null ? 'none yet' : `${connector.name}, ${connector.ready ? 'ready' : 'not ready'}`;
}

function tunnelText({ engine }: AgentState): string {
  const connections = engine.connections.map(({ edge, phase, rttMs }) =>
    rttMs === null ? `${edge} ${phase}` : `${edge} ${phase}, ${rttMs.toFixed(1)} ms`,
  );
  if (connections.length > 0) return connections.join('; ');
  const next = engine.retryAt === null ? '' : `, next attempt at ${engine.retryAt}`;
  return `no connection (engine ${engine.phase}${next})`;
}

function controlPlaneProblem({ controlPlane }: AgentState): Problem | null {
  return controlPlane.kind === 'none' ? null : controlPlane.problem;
}

/** The state in words, one line each. */
function statusLines(state: AgentState): readonly string[] {
  const { services } = state;
  const problem = controlPlaneProblem(state);
  const rows = services.map(({ name, host, port, phase, url, problem: cause }) => [
    name,
    phase,
    url ?? '–',
    authority(host, port),
    cause === null ? '' : `${cause.title} (${cause.code})`,
  ]);
  return [
    `Control plane  ${controlPlaneText(state.controlPlane)}`,
    ...(problem === null
      ? []
      : [`               ${problem.title} (${problem.code}): ${problem.detail}`, `               → ${problem.action}`]),
    `Connector      ${connectorText(state)}`,
    `Tunnel         ${tunnelText(state)}`,
    ...state.warnings.map(({ severity, title, code }) => `${`${severity}:`.padEnd(15)}${title} (${code})`),
    '',
    ...(rows.length === 0 ? ['No services.'] : table([['NAME', 'STATE', 'URL', 'SERVICE', ''], ...rows])),
  ];
}

/** Resolves with the exit code: that of the problem with the control plane, if there is one. */
export async function status(composition: Composition, terminal: Terminal): Promise<number> {
  const state = await withRunningAgent(composition, ({ handlers }) =>
    handlers.calls['state.get']({}, { id: 'status', onGone: () => {} }),
  );
  terminal.event(state);
  if (!terminal.json) for (const line of statusLines(state)) terminal.say(line);
  const problem = controlPlaneProblem(state);
  return problem === null ? exitCodes.ok : exitCodeOf(problem.code);
}
