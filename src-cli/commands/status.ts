/**
 * `sallyport status`: what the profile's agent publishes and how it is.
 */
import type { AgentState, ControlPlaneState } from '#contract/agent-state.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { attachToRunningAgent } from '#main/api/attached-agent.ts';
import { agentLocation } from '#main/agent/open-agent.ts';
import { endpointPath } from '#main/local-endpoint/endpoint-path.ts';

import type { Composition } from '../composition.ts';
import { authority, table } from '../format.ts';
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
  return connections.length === 0 ? `no connection (engine ${engine.phase})` : connections.join('; ');
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
  const location = agentLocation(composition);
  const attached = await attachToRunningAgent(location, composition.clock);
  if (attached === null) throw new AgentError('SP_AGENT_NOT_RUNNING', { socket: endpointPath(location) });
  try {
    const state = await attached.handlers.calls['state.get']({}, { id: 'status', onGone: () => {} });
    terminal.event(state);
    if (!terminal.json) for (const line of statusLines(state)) terminal.say(line);
  } finally {
    attached.close();
  }
}
