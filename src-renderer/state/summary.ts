/**
 * The whole state in one word (the chip in the header) and in one sentence (the top of Home). Pure.
 *
 * The rule of both: never say more than was observed. “Online” needs a request that has travelled the whole way.
 */
import type { AgentState, ControlPlaneState, ServiceState, TunnelConnection } from '#contract/agent-state.ts';
import type { Problem } from '#contract/errors/agent-error.ts';
import type { LinkStatus } from '#contract/ipc/link-status.ts';

import { list, plural } from '../text/format.ts';

export type Tone = 'ok' | 'busy' | 'warn' | 'error' | 'off';

export type Status = { readonly tone: Tone; readonly word: string };

export type Headline = {
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string;
  /** Why nothing works, where one cause explains it all; services need not repeat it. */
  readonly problem: Problem | null;
  /** The agent tries again by itself, at `at` where that is known (RFC 3339), and can be told to do so now. */
  readonly retry: { readonly at: string | null } | null;
};

const transportNames: Readonly<Record<TunnelConnection['transport'], string>> = { h2: 'HTTP/2' };

export function transportName(transport: TunnelConnection['transport']): string {
  return transportNames[transport];
}

const isUp = (connection: TunnelConnection): boolean =>
  connection.phase === 'connected' || connection.phase === 'draining';

type ChosenControlPlane = Exclude<ControlPlaneState, { readonly kind: 'none' }>;

const controlPlaneWords: Readonly<Record<ChosenControlPlane['phase'], Status>> = {
  starting: { tone: 'busy', word: 'Starting' },
  connecting: { tone: 'busy', word: 'Connecting' },
  connected: { tone: 'ok', word: 'Connected' },
  unreachable: { tone: 'error', word: 'Unreachable' },
  denied: { tone: 'error', word: 'Access denied' },
};

/** The control plane by itself; its page shows it beside its name. */
export function controlPlaneStatus(phase: ChosenControlPlane['phase']): Status {
  return controlPlaneWords[phase];
}

function tunnelStatus(state: AgentState): Status {
  const { connections, phase } = state.engine;
  if (phase === 'faulted') return { tone: 'error', word: 'Engine stopped' };
  if (connections.some(isUp)) {
    return state.connector?.ready === true ? { tone: 'ok', word: 'Connected' } : { tone: 'busy', word: 'Verifying' };
  }
  if (connections.some((connection) => connection.phase === 'refused')) return { tone: 'error', word: 'Refused' };
  if (connections.some((connection) => connection.problem !== null)) return { tone: 'error', word: 'Tunnel down' };
  return { tone: 'busy', word: 'Connecting' };
}

/** One word on whether this machine can be reached. */
export function connectionStatus(link: LinkStatus, state: AgentState | null): Status {
  if (link.phase === 'lost') return { tone: 'error', word: 'Agent lost' };
  if (state === null) return { tone: 'busy', word: 'Starting' };
  if (state.controlPlane.kind === 'none') return { tone: 'off', word: 'Not set up' };
  const tunnel = tunnelStatus(state);
  if (state.controlPlane.phase === 'connected') return tunnel;
  const controlPlane =
    state.controlPlane.phase === 'unreachable'
      ? ({ tone: 'error', word: 'No control plane' } as const)
      : controlPlaneStatus(state.controlPlane.phase);
  // A standing tunnel carries traffic without the control plane; only changes wait.
  return tunnel.tone === 'ok' && controlPlane.tone === 'error' ? { tone: 'warn', word: 'Degraded' } : controlPlane;
}

function way(state: AgentState): string {
  const up = state.engine.connections.filter(isUp);
  if (up.length === 0) return '';
  const edges = [...new Set(up.map((connection) => connection.edge))];
  const transports = [...new Set(up.map((connection) => transportName(connection.transport)))];
  return `${list(edges)} over ${list(transports)}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** When the agent next tries something by itself: the earliest of what it waits for. */
function nextAttempt({ controlPlane, engine }: AgentState): string | null {
  const parts = controlPlane.kind === 'playground' ? controlPlane.parts : [];
  const times = [engine, ...engine.connections, ...parts].flatMap(({ retryAt }) => (retryAt === null ? [] : [retryAt]));
  return times.toSorted().at(0) ?? null;
}

const unreachableMeanwhile = 'Nothing exposed here can be reached until it is back.';

function brokenHeadline(state: AgentState, status: Status): Headline | null {
  const { controlPlane, engine } = state;
  const tone = 'error';
  const retry = { at: nextAttempt(state) };
  if (status.word === 'Engine stopped') {
    return { tone, title: 'The tunnel engine has stopped', detail: unreachableMeanwhile, problem: null, retry };
  }
  if (status.word === 'Refused' || status.word === 'Tunnel down') {
    const problem = engine.connections.find((connection) => connection.problem !== null)?.problem ?? null;
    return { tone, title: 'Tunnel is down', detail: unreachableMeanwhile, problem, retry };
  }
  if (status.tone === 'error' && controlPlane.kind !== 'none') {
    const { problem } = controlPlane;
    const title =
      status.word === 'Access denied' ? 'No access to the control plane' : 'The control plane is out of reach';
    return { tone, title, detail: 'Nothing can be published or changed until it is back.', problem, retry };
  }
  return null;
}

function failingDetail(failing: readonly ServiceState[]): string {
  const [first] = failing;
  if (failing.length === 1 && first !== undefined) {
    return `${first.name}: ${sentence(first.problem?.title ?? 'it cannot be reached')}`;
  }
  return `${list(failing.map((service) => service.name))} cannot be reached.`;
}

type PlainHeadline = Omit<Headline, 'problem' | 'retry'>;

function servicesHeadline(state: AgentState): PlainHeadline {
  const { services } = state;
  const on = services.filter((service) => service.enabled && service.phase !== 'removing');
  const ready = on.filter((service) => service.phase === 'ready');
  const failing = on.filter((service) => service.phase === 'failing');
  const publishing = on.filter((service) => service.phase === 'publishing');
  const reached = `Reached through ${way(state)}.`;
  if (services.length === 0) {
    return {
      tone: 'ok',
      title: 'Ready to expose',
      detail: `The tunnel stands: ${way(state)}. Nothing is exposed yet.`,
    };
  }
  if (on.length === 0) {
    return {
      tone: 'off',
      title: 'Everything is switched off',
      detail: 'The addresses stay reserved; visitors are told so.',
    };
  }
  if (failing.length > 0) {
    const title = `${ready.length} of ${plural(on.length, 'service')} online`;
    return { tone: ready.length === 0 ? 'error' : 'warn', title, detail: failingDetail(failing) };
  }
  if (publishing.length > 0) {
    const names = list(publishing.map((service) => service.name));
    const rest = ready.length === 0 ? '' : ` ${plural(ready.length, 'other service')} online.`;
    const detail = `Online as soon as a request has come all the way through.${rest}`;
    return { tone: 'busy', title: `Publishing ${names}`, detail };
  }
  return { tone: 'ok', title: `${plural(ready.length, 'service')} online`, detail: reached };
}

function calmHeadline(state: AgentState, status: Status): PlainHeadline {
  if (status.word === 'Verifying') {
    const detail = 'Connected; waiting for a request to travel the whole way.';
    return { tone: 'busy', title: 'Verifying the tunnel', detail };
  }
  if (status.tone === 'busy') {
    return { tone: 'busy', title: 'Connecting', detail: 'Services are reachable as soon as the tunnel stands.' };
  }
  return servicesHeadline(state);
}

/** The tunnel carries traffic although the control plane is away. */
function degradedHeadline(state: AgentState): Headline {
  const { controlPlane, services } = state;
  const { title } = servicesHeadline(state);
  const rest = 'Nothing can be published or changed until the control plane answers again.';
  const detail = services.some(({ phase }) => phase === 'ready') ? `What is online stays reachable. ${rest}` : rest;
  const problem = controlPlane.kind === 'none' ? null : controlPlane.problem;
  return { tone: 'warn', title, detail, problem, retry: { at: nextAttempt(state) } };
}

/** The one honest sentence on top of Home, and one on why. */
export function headline(link: LinkStatus, state: AgentState): Headline {
  if (link.phase === 'lost') {
    const detail = 'The agent does not answer, so nothing here is certain: services may be online or not.';
    return { tone: 'error', title: 'Last known state', detail, problem: null, retry: null };
  }
  const status = connectionStatus(link, state);
  if (status.word === 'Degraded') return degradedHeadline(state);
  return brokenHeadline(state, status) ?? { ...calmHeadline(state, status), problem: null, retry: null };
}

const serviceWords: Readonly<Record<ServiceState['phase'], Status>> = {
  off: { tone: 'off', word: 'Off' },
  publishing: { tone: 'busy', word: 'Publishing' },
  ready: { tone: 'ok', word: 'Online' },
  failing: { tone: 'error', word: 'Failing' },
  removing: { tone: 'busy', word: 'Deleting' },
};

/** `stale`: the agent is lost, and what it said last may be wrong by now. */
export function serviceStatus(service: ServiceState, stale: boolean): Status {
  return stale ? { tone: 'off', word: 'Unknown' } : serviceWords[service.phase];
}

const processWords: Readonly<Record<AgentState['engine']['phase'], Status>> = {
  starting: { tone: 'busy', word: 'Starting' },
  running: { tone: 'ok', word: 'Running' },
  restarting: { tone: 'warn', word: 'Restarting' },
  faulted: { tone: 'error', word: 'Failed' },
  stopped: { tone: 'off', word: 'Stopped' },
};

/** For the engine and the parts of the playground. */
export function processStatus(phase: AgentState['engine']['phase']): Status {
  return processWords[phase];
}

const tunnelWords: Readonly<Record<TunnelConnection['phase'], Status>> = {
  connecting: { tone: 'busy', word: 'Connecting' },
  registering: { tone: 'busy', word: 'Registering' },
  connected: { tone: 'ok', word: 'Connected' },
  waiting: { tone: 'warn', word: 'Waiting' },
  refused: { tone: 'error', word: 'Refused' },
  draining: { tone: 'busy', word: 'Draining' },
};

export function tunnelConnectionStatus(phase: TunnelConnection['phase']): Status {
  return tunnelWords[phase];
}

/** What is true of everybody who can open an exposed service's address, said before it is exposed. */
export function audience(controlPlane: ControlPlaneState): string {
  return controlPlane.kind === 'playground'
    ? 'Anyone on this machine can reach it. Other machines cannot.'
    : 'Anyone who can reach the edge can open it; visitors are not asked to sign in.';
}

/** True while there is nothing to show but the choice of a control plane, or its start. */
export function needsSetup(state: AgentState): boolean {
  const { controlPlane, connector, services } = state;
  if (controlPlane.kind === 'none') return true;
  return controlPlane.phase !== 'connected' && connector === null && services.length === 0;
}
