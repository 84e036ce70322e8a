/**
 * `sallyport status`: what the profile's agent publishes and how it is.
 */
import type { AgentState, ControlPlaneState } from '#contract/agent-state.ts';

import type { Composition } from '../composition.ts';
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

/** The state in words, one line each. */
function statusLines(state: AgentState): readonly string[] {
  const { services } = state;
  const rows = services.map(({ name, host, port, phase, url, problem }) => [
    name,
    phase,
    url ?? '–',
    authority(host, port),
    problem === null ? '' : `${problem.title} (${problem.code})`,
  ]);
  return [
    `Control plane  ${controlPlaneText(state.controlPlane)}`,
    `Connector      ${connectorText(state)}`,
    `Tunnel         ${tunnelText(state)}`,
    ...state.warnings.map(({ severity, title, code }) => `${`${severity}:`.padEnd(15)}${title} (${code})`),
    '',
    ...(rows.length === 0 ? ['No services.'] : table([['NAME', 'STATE', 'URL', 'SERVICE', ''], ...rows])),
  ];
}

export async function status(composition: Composition, terminal: Terminal): Promise<void> {
  const state = await withRunningAgent(composition, ({ handlers }) =>
    handlers.calls['state.get']({}, { id: 'status', onGone: () => {} }),
  );
  terminal.event(state);
  if (!terminal.json) for (const line of statusLines(state)) terminal.say(line);
}
