/**
 * What port numbers and program names suggest: where to begin asking, and the last resort when nobody answers.
 */
import type { ServiceKind } from '#contract/discovery.ts';

import { identityOf, type Identity } from './identity.ts';

type Ports = readonly number[];

/** Registered ports (IANA), and those that development servers choose by default. */
const portsOf: readonly (readonly [ServiceKind, Ports])[] = [
  ['http', [80, 81, 591, 1313, 1337, 3000, 3001, 3002, 3003, 3333, 4000, 4173, 4200, 4321, 5000, 5001, 5173, 5174]],
  [
    'http',
    [5500, 5601, 6006, 7860, 8000, 8001, 8008, 8025, 8080, 8081, 8082, 8088, 8090, 8096, 8123, 8188, 8501, 8787],
  ],
  ['http', [8800, 8888, 8889, 9000, 9001, 9090, 9200, 10000, 11434, 15672, 19000, 19006, 24678]],
  ['ssh', [22, 2222]],
  ['postgresql', [5432, 5433]],
  ['mysql', [3306, 33060]],
  ['redis', [6379, 6380]],
  ['mongodb', [27017]],
  ['amqp', [5672]],
  ['smtp', [25, 587, 1025, 2525]],
  ['imap', [143]],
  ['pop3', [110]],
  ['ftp', [21]],
  ['vnc', [5900, 5901]],
];
const tlsPorts: ReadonlySet<number> = new Set([443, 3443, 4443, 5443, 6443, 7443, 8443, 9443, 10_443]);

const kindByPort = new Map(portsOf.flatMap(([kind, ports]) => ports.map((port) => [port, kind] as const)));

const programs: readonly (readonly [RegExp, ServiceKind])[] = [
  [/^(?:postgres|postmaster)(?:\.exe)?$/i, 'postgresql'],
  [/^(?:redis-server|valkey-server|keydb-server|dragonfly)(?:\.exe)?$/i, 'redis'],
];

/** The kind that the program's name, else the port, speaks for; null if neither does. */
function suggestedKind(port: number, program: string | null): ServiceKind | null {
  const known = program === null ? undefined : programs.find(([pattern]) => pattern.test(program))?.[1];
  return known ?? kindByPort.get(port) ?? null;
}

/** What is asked first. Whoever is asked in another protocol than its own writes a line into its log. */
export function firstQuestion(port: number, program: string | null): 'postgresql' | 'redis' | 'tls' | 'http' {
  const kind = suggestedKind(port, program);
  if (kind === 'postgresql' || kind === 'redis') return kind;
  return tlsPorts.has(port) ? 'tls' : 'http';
}

/** What it might be when it has not shown it. */
export function guess(port: number, program: string | null): Identity {
  if (tlsPorts.has(port)) return { ...identityOf('http', { secure: true }), certain: false };
  return { ...identityOf(suggestedKind(port, program) ?? 'unknown'), certain: false };
}

/** Printers (LPD, raw) put on paper whatever reaches them. */
const silentPorts: ReadonlySet<number> = new Set([515, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107]);
/** Takes one connection and is done. */
const oneShotPrograms = /^(?:nc|ncat|netcat|socat)(?:\.\w+)?$/i;

/** Whether nothing may be said to it, not even hello. */
export function mustBeLeftAlone(port: number, program: string | null): boolean {
  return silentPorts.has(port) || (program !== null && oneShotPrograms.test(program));
}
