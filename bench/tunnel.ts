/**
 * What the tunnel costs, as ratios within one run, beside direct loopback and beside a peer.
 *
 * Rounds are interleaved, so that whatever else this machine does weighs on every path alike; the median counts.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import { startChild } from '../e2e/processes/child.ts';
import { repository } from '../e2e/processes/sallyport.ts';
import { bulkDown, bulkUp, latencies, quantile, rate, tcpDown, type Entrance } from './load.ts';
import { openSallyportPath } from './paths/sallyport-path.ts';
import { openSshPath } from './paths/ssh-path.ts';
import { processMemory } from './process-memory.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5);
const bulkBytes = Number(process.env['BENCH_BYTES'] ?? 256 * 1024 * 1024);
const pings = Number(process.env['BENCH_PINGS'] ?? 2000);
const requests = Number(process.env['BENCH_REQUESTS'] ?? 8000);
const connections = 32;

type Round = { down: number; up: number; p50: number; p99: number; rate: number };

async function measure(entrance: Entrance): Promise<Round> {
  const down = await bulkDown(entrance, bulkBytes);
  const up = await bulkUp(entrance, bulkBytes);
  const times = await latencies(entrance, pings);
  return {
    down,
    up,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    rate: await rate(entrance, requests, connections),
  };
}

function median(all: readonly Round[]): Round {
  const of = (key: keyof Round): number =>
    quantile(
      all.map((round) => round[key]),
      0.5,
    );
  return { down: of('down'), up: of('up'), p50: of('p50'), p99: of('p99'), rate: of('rate') };
}

const origin = startChild(process.execPath, [join(import.meta.dirname, 'origin.ts')]);
const { http, tcp } = await origin.event<{ http: number; tcp: number }>('ready');
const sallyport = await openSallyportPath(http);
const idle = await processMemory(sallyport.pid);
const ssh = await openSshPath(http);

const paths: { readonly name: string; readonly entrance: Entrance; readonly rounds: Round[] }[] = [
  { name: 'direct HTTP', entrance: { host: `127.0.0.1:${http}`, port: http }, rounds: [] },
  { name: 'Sallyport', entrance: sallyport.entrance, rounds: [] },
  ...('missing' in ssh ? [] : [{ name: 'ssh -R', entrance: ssh.entrance, rounds: [] }]),
];
const plainTcp: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  plainTcp.push(await tcpDown(tcp, bulkBytes));
  for (const path of paths) path.rounds.push(await measure(path.entrance));
  console.error(`round ${round + 1} of ${rounds}`);
}
const loaded = await processMemory(sallyport.pid);
await sallyport.close();
if (!('missing' in ssh)) await ssh.close();
await origin.end('SIGTERM');

const results = paths.map(({ name, rounds: all }) => ({ name, ...median(all) }));
const tcpRate = quantile(plainTcp, 0.5);
const direct = results[0];
if (direct === undefined) throw new Error('nothing was measured');

const fixed = (value: number, digits: number): string => value.toFixed(digits);
const percent = (value: number): string => `${Math.round(value * 100)} %`;
const lines = [
  `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ` +
    `median of ${rounds} interleaved rounds; ${bulkBytes / 2 ** 20} MiB per bulk transfer`,
  '',
  '| path | down MB/s | of TCP | up MB/s | of direct HTTP | p50 ms | p99 ms | added p50 ms | requests/s | of direct |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  `| plain TCP | ${fixed(tcpRate, 0)} | 100 % | – | – | – | – | – | – | – |`,
  ...results.map(
    (row) =>
      `| ${row.name} | ${fixed(row.down, 0)} | ${percent(row.down / tcpRate)} | ${fixed(row.up, 0)} | ${percent(row.up / direct.up)} ` +
      `| ${fixed(row.p50, 3)} | ${fixed(row.p99, 3)} | ${fixed(row.p50 - direct.p50, 3)} | ${fixed(row.rate, 0)} | ${percent(row.rate / direct.rate)} |`,
  ),
  ...('missing' in ssh ? ['', `ssh -R was not measured: ${ssh.missing}.`] : []),
  '',
  `Start of \`sallyport serve\` (with playground) to the proven URL: ${fixed(sallyport.startToReadyMs / 1e3, 2)} s`,
  '',
  '| process | idle MB | after the load MB |',
  '| --- | --- | --- |',
  ...idle.map((before) => {
    const after = loaded.find(({ pid }) => pid === before.pid);
    return `| ${before.name}${before.pid === sallyport.enginePid ? ' (tunnel engine)' : ''} | ${fixed(before.megabytes, 0)} | ${after === undefined ? 'gone' : fixed(after.megabytes, 0)} |`;
  }),
];
console.log(lines.join('\n'));
await mkdir(join(repository, 'test-results'), { recursive: true });
await writeFile(
  join(repository, 'test-results/bench.json'),
  `${JSON.stringify({ tcpMegabytesPerSecond: tcpRate, paths: results, startToReadyMs: sallyport.startToReadyMs, idle, loaded }, null, 2)}\n`,
);
