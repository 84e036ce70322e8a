/**
 * `npm run bench -- quic`: transports for the tunnel beside each other, client and service in processes of their own.
 *
 * Rounds are interleaved and the median counts, as in the tunnel's benchmark. `BENCH_ROUNDS`, `BENCH_BYTES` and
 * `BENCH_TRANSPORTS` (names with commas) change what is run.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

import { builtQuicAddon } from '#tunnel/testing/quic-addon.ts';

import { startChild } from '../../e2e/processes/child.ts';
import { repository } from '../../e2e/processes/sallyport.ts';
import { bundlePrograms } from '../../scripts/build/bundle.ts';
import { resolveElectron } from '../../scripts/electron-runtime.ts';
import { quantile } from '../load.ts';
import { provideCandidate } from './candidates.ts';
import { operations } from './operations.ts';
import { transports } from './transports.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const bytes = process.env['BENCH_BYTES'] ?? '256000000';
const clientMs = 300_000;
/** Where each stream is a connection, short requests would measure handshakes. */
const notOf: Readonly<Record<string, readonly string[]>> = {
  tcp: ['requests', 'paced-requests', 'datagrams'],
  tls: ['requests', 'paced-requests', 'datagrams'],
};

const operationsOf = (transport: string): string[] =>
  Object.keys(operations).filter((name) => notOf[transport]?.includes(name) !== true);

type Runtime = { readonly program: string; readonly endpoint: string; readonly env: NodeJS.ProcessEnv };
type Contender = { readonly name: string; readonly transport: string; readonly runtime: Runtime };
type Result = { readonly event: string; readonly operation: string; readonly [figure: string]: number | string };

const node: Runtime = {
  program: process.execPath,
  endpoint: join(import.meta.dirname, 'endpoint.ts'),
  env: process.env,
};

/** Electron's Node runs no TypeScript. */
async function electron(): Promise<Runtime | null> {
  const found = await resolveElectron();
  const addon = builtQuicAddon();
  if (!('path' in found) || addon === null) return null;
  const folder = join(repository, '.runtime/quic-bench');
  await bundlePrograms(repository, folder, { endpoint: 'bench/quic/endpoint.ts' });
  return {
    program: found.path,
    endpoint: join(folder, 'endpoint.mjs'),
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', BENCH_QUIC_ADDON: addon },
  };
}

async function measure({ transport, runtime: { program, endpoint, env } }: Contender): Promise<Result[]> {
  const service = startChild(program, [endpoint, 'server', '--transport', transport], { env });
  try {
    const { port, certificate } = await service.event<{ port: number; certificate: string }>('ready');
    const client = startChild(
      program,
      [
        endpoint,
        'client',
        `--transport=${transport}`,
        `--port=${port}`,
        `--certificate=${certificate}`,
        `--bytes=${bytes}`,
        `--operations=${operationsOf(transport).join(',')}`,
      ],
      { env },
    );
    try {
      await client.event('done', clientMs);
      return client.output
        .filter((line) => line.startsWith('{"event":"result"'))
        .map((line) => JSON.parse(line) as Result);
    } finally {
      await client.end('SIGKILL');
    }
  } finally {
    await service.end('SIGTERM');
  }
}

const wanted = process.env['BENCH_TRANSPORTS']?.split(',');
const inElectron = await electron();
const contenders: Contender[] = [
  ...Object.keys(transports).map((name) => ({ name, transport: name, runtime: node })),
  ...(inElectron === null
    ? []
    : ['http2', 'quinn-bbr'].map((name) => ({ name: `${name} in Electron`, transport: name, runtime: inElectron }))),
].filter(({ name }) => wanted?.includes(name) ?? true);

/** Why each of those is absent that cannot be run here. */
const absent: string[] = inElectron === null ? ['There is no Electron here, or no addon.'] : [];
const needs = (part: string): boolean => contenders.some(({ transport }) => transport.startsWith(part));
const withdraw = (part: string, reason: string): void => {
  absent.push(reason);
  contenders.splice(0, Infinity, ...contenders.filter(({ transport }) => !transport.startsWith(part)));
};
if (needs('quinn') && builtQuicAddon() === null) {
  withdraw('quinn', 'The QUIC addon is not built: node scripts/build-native.ts');
}
if (needs('currentspace')) {
  try {
    provideCandidate('currentspace');
  } catch (error) {
    withdraw('currentspace', String(error));
  }
}

const loads: number[] = [];
const measured = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const contender of contenders) {
    loads.push(loadavg()[0] ?? 0);
    measured.get(contender.name)?.push(...(await measure(contender)));
  }
  console.error(`round ${round + 1} of ${rounds}`);
}

function figure(name: string, operation: string, key: string): number | null {
  const values = (measured.get(name) ?? [])
    .filter((result) => result.operation === operation)
    .map((result) => result[key])
    .filter((value) => typeof value === 'number');
  return values.length === 0 ? null : quantile(values, 0.5);
}

const bulks = ['bulk-up', 'bulk-down', 'bulk-up-8', 'bulk-down-8'];
const columns: readonly {
  readonly title: string;
  readonly read: (name: string) => number | null;
  readonly digits: number;
}[] = [
  ...bulks.map((operation) => ({
    title: `${operation} MB/s`,
    read: (name: string) => figure(name, operation, 'megabytesPerSecond'),
    digits: 0,
  })),
  { title: 'CPU ms/MB up', read: (name) => figure(name, 'bulk-up', 'processorMsPerMegabyte'), digits: 1 },
  { title: 'CPU ms/MB down', read: (name) => figure(name, 'bulk-down', 'processorMsPerMegabyte'), digits: 1 },
  { title: 'ping p50 ms', read: (name) => figure(name, 'ping', 'p50Ms'), digits: 3 },
  { title: 'p99', read: (name) => figure(name, 'ping', 'p99Ms'), digits: 3 },
  { title: 'requests/s', read: (name) => figure(name, 'requests', 'perSecond'), digits: 0 },
  { title: 'at 2000/s: p50 ms', read: (name) => figure(name, 'paced-requests', 'p50Ms'), digits: 2 },
  { title: 'p99', read: (name) => figure(name, 'paced-requests', 'p99Ms'), digits: 1 },
  { title: 'datagrams of 5000', read: (name) => figure(name, 'datagrams', 'returned'), digits: 0 },
  { title: 'unread: sent MB', read: (name) => figure(name, 'unread', 'sentMegabytes'), digits: 1 },
  { title: 'reader grew MB', read: (name) => figure(name, 'unread', 'clientGrewMegabytes'), digits: 0 },
  { title: 'dial ms', read: (name) => figure(name, 'dial', 'ms'), digits: 1 },
];
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
console.log(
  [
    `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ` +
      `median of ${rounds} interleaved rounds; ${Number(bytes) / 1e6} MB per bulk transfer; ` +
      `load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}, median ${quantile(loads, 0.5).toFixed(1)}`,
    '',
    row(['transport', ...columns.map(({ title }) => title)]),
    row(Array.from({ length: columns.length + 1 }, () => '---')),
    ...contenders.map(({ name }) =>
      row([name, ...columns.map(({ read, digits }) => read(name)?.toFixed(digits) ?? '–')]),
    ),
    ...absent,
    ...[...measured].flatMap(([name, results]) =>
      results
        .filter((result) => 'failed' in result)
        .map((result) => `${name}, ${result.operation}: ${String(result['failed'])}`),
    ),
  ].join('\n'),
);
await mkdir(join(repository, 'test-results'), { recursive: true });
await writeFile(
  join(repository, 'test-results/bench-quic.json'),
  `${JSON.stringify({ loads, measured: Object.fromEntries(measured) }, null, 2)}\n`,
);
