/**
 * What listens on this machine, in words: what it is, and whether it can be exposed. Pure.
 */
import type { DiscoveredService, ServiceKind } from '#contract/discovery.ts';

const kindNames: Readonly<Record<ServiceKind, string>> = {
  http: 'Web service',
  http2: 'HTTP/2 service, such as gRPC',
  tls: 'Service inside TLS',
  ssh: 'SSH',
  postgresql: 'PostgreSQL',
  mysql: 'MySQL',
  redis: 'Redis',
  mongodb: 'MongoDB',
  amqp: 'Message broker (AMQP)',
  smtp: 'Mail (SMTP)',
  imap: 'Mail (IMAP)',
  pop3: 'Mail (POP3)',
  ftp: 'FTP',
  vnc: 'Screen sharing (VNC)',
  debugger: 'Debugger',
  unknown: 'Does not say what it is',
};

export type ListeningText = {
  readonly title: string;
  /** What else tells it from others, most telling first. */
  readonly details: readonly string[];
  /** Why it cannot be exposed, as a sentence; null if it can. */
  readonly obstacle: string | null;
};

function obstacleOf({ kind, secure, exposedAs }: DiscoveredService): string | null {
  if (exposedAs !== null) return `Exposed already, as “${exposedAs}”.`;
  if (kind === 'unknown' || kind === 'http2') return null;
  if (kind === 'http') return secure ? 'Speaks HTTPS itself, which cannot be exposed yet.' : null;
  if (kind === 'debugger') return 'Whoever reaches a debugger controls the program, so it is not offered.';
  return 'Visitors are served over HTTP only, so far.';
}

function titleOf({ kind, certain, title, project }: DiscoveredService): string {
  if (title !== null) return title;
  if (kind === 'http' && project !== null) return project;
  return certain || kind === 'unknown' ? kindNames[kind] : `Probably ${kindNames[kind]}`;
}

export function describeListening(service: DiscoveredService): ListeningText {
  const { kind, process, project, product, status, openToNetwork } = service;
  const title = titleOf(service);
  const details = [
    process,
    project,
    product,
    kind === 'http' && status !== null && status >= 400 ? `answers ${status}` : null,
    openToNetwork ? 'open to your network already' : null,
  ];
  return {
    title,
    details: details.filter((detail) => detail !== null && detail !== title).map(String),
    obstacle: obstacleOf(service),
  };
}

/** What can be exposed first, otherwise in the order in which it came. */
export function possibleFirst(services: readonly DiscoveredService[]): readonly DiscoveredService[] {
  const isPossible = (service: DiscoveredService): boolean => obstacleOf(service) === null;
  return [...services.filter(isPossible), ...services.filter((service) => !isPossible(service))];
}

/** What a person most likely wants to expose: the first web service that can be, one without an error at `/` before. */
export function likeliest(services: readonly DiscoveredService[]): DiscoveredService | undefined {
  const possible = services.filter((service) => service.group === 'web' && obstacleOf(service) === null);
  return possible.find(({ status }) => status === null || status < 400) ?? possible[0];
}
