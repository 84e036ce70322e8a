/**
 * `sallyport discover`: what listens on this machine and could be exposed, asked anew each time.
 */
import type { DiscoveredService, Discovery, ServiceKind } from '#contract/discovery.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { maxDiscoveredPorts, type CallParams } from '#contract/ipc/contract.ts';
import { agentLocation } from '#main/agent/open-agent.ts';
import { attachToRunningAgent } from '#main/api/attached-agent.ts';
import { createServiceDiscovery } from '#main/discovery/discovery.ts';
import { listenersOf } from '#main/discovery/listing/listeners-of.ts';

import type { Composition } from '../composition.ts';
import { authority, table } from '../format.ts';
import { readPort } from '../target.ts';
import type { Terminal } from '../terminal.ts';

const kindWords: Readonly<Record<ServiceKind, string>> = {
  http: 'web',
  http2: 'HTTP/2, gRPC',
  tls: 'TLS',
  ssh: 'SSH',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  redis: 'Redis',
  mongodb: 'MongoDB',
  amqp: 'AMQP',
  smtp: 'SMTP',
  imap: 'IMAP',
  pop3: 'POP3',
  ftp: 'FTP',
  vnc: 'VNC',
  debugger: 'debugger',
  unknown: 'unknown',
};

function kindText({ kind, secure, certain }: DiscoveredService): string {
  const words = kind === 'http' && secure ? 'web, HTTPS' : kindWords[kind];
  return certain || kind === 'unknown' ? words : `${words}?`;
}

function processText({ process, pid }: DiscoveredService): string {
  if (pid === null) return '–';
  return process === null ? String(pid) : `${process} (${pid})`;
}

const head = ['SERVICE', 'WHAT', 'ABOUT', 'PROCESS', 'PROJECT', 'OPEN TO', 'EXPOSED AS'] as const;

function rowOf(service: DiscoveredService): readonly string[] {
  const { suggestedTarget, title, product, project, openToNetwork, exposedAs } = service;
  return [
    authority(suggestedTarget.host, suggestedTarget.port),
    kindText(service),
    title ?? product ?? '–',
    processText(service),
    project ?? '–',
    openToNetwork ? 'the network' : 'this machine',
    exposedAs ?? '–',
  ];
}

/** What `serve` wants to be given for it. */
function serveArgument({ suggestedTarget: { host, port } }: DiscoveredService): string {
  return host === 'localhost' ? String(port) : authority(host, port);
}

/** The answer in words, one line each. */
function discoveryLines({ services, omitted }: Discovery, ports: readonly number[]): readonly string[] {
  const missing = ports.filter((port) => services.every((service) => service.port !== port));
  const first = services.find(({ group, secure, exposedAs }) => group === 'web' && !secure && exposedAs === null);
  return [
    ...(services.length === 0 ? [] : table([head, ...services.map(rowOf)])),
    ...missing.map((port) => `Nothing that could be exposed listens on port ${port}.`),
    ...(services.length === 0 && ports.length === 0 ? ['Nothing that could be exposed listens on this machine.'] : []),
    ...(omitted === 0 ? [] : [`${omitted} more are not listed.`]),
    ...(services.some(({ certain, kind }) => !certain && kind !== 'unknown') ? ['?  a guess by the port'] : []),
    ...(first === undefined ? [] : ['', `Expose one:  sallyport serve ${serveArgument(first)}`]),
  ];
}

/** Asks the agent of the profile, which knows what it exposes; looks from here if none runs. */
async function look(composition: Composition, params: CallParams<'service.discover'>): Promise<Discovery> {
  const { clock, log, agent } = composition;
  const attached = await attachToRunningAgent(agentLocation(composition), clock);
  if (attached === null) {
    const discovery = createServiceDiscovery({
      listListeners: listenersOf(agent.endpoint.platform, agent.env),
      ownPids: () => new Set([agent.pid]),
      knownServices: () => [],
      homeDirectory: agent.homeDirectory,
      clock,
      log,
    });
    return discovery.discover(params);
  }
  try {
    return await attached.handlers.calls['service.discover'](params, { id: 'discover', onGone: () => {} });
  } finally {
    attached.close();
  }
}

/** Looks at `portTexts`, or at all ports. Throws SP_INPUT_PORT, SP_INPUT_INVALID, SP_DISCOVERY_FAILED. */
export async function discover(
  composition: Composition,
  terminal: Terminal,
  portTexts: readonly string[],
): Promise<void> {
  const ports = portTexts.map(readPort);
  if (ports.length > maxDiscoveredPorts) {
    throw new AgentError('SP_INPUT_INVALID', { reason: `At most ${maxDiscoveredPorts} ports can be named at once.` });
  }
  const discovery = await look(composition, { again: true, ...(ports.length === 0 ? {} : { ports }) });
  terminal.event(discovery);
  for (const line of discoveryLines(discovery, ports)) terminal.say(line);
}
