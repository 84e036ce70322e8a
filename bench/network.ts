/**
 * What transports carry over networks with delay, loss and a limit, side by side: one stream from the far end, for a
 * given time. Beside every table stands what the emulator itself can do at most, and what it failed to do.
 *
 * Rounds are interleaved, so that whatever else this machine does weighs on every transport alike; the median counts.
 * BENCH_ROUNDS, BENCH_SECONDS (of each measurement) and BENCH_MBIT (limits, 0 is none) change what is measured.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

import { CannotEmulate } from '../e2e/network/emulator-process.ts';
import { repository } from '../e2e/processes/sallyport.ts';
import { openEmulatedPath } from './network/emulated-path.ts';
import type { Ceiling, Conditions, Measured, Path } from './network/path.ts';
import { openRelayedPath } from './network/relayed-path.ts';
import { table, type Row } from './network/table.ts';
import { transportsUnderTest, type Transport } from './network/transports.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const seconds = Number(process.env['BENCH_SECONDS'] ?? 6);
const limits = (process.env['BENCH_MBIT'] ?? '0,100').split(',').map(Number);
const roundTrips = [0, 40, 200];
const losses = [0, 0.5, 2];

type Cell = { readonly conditions: Conditions; readonly transport: Transport; readonly measured: Measured[] };

function openPath(): Promise<Path> {
  return openEmulatedPath().catch((error: unknown) => {
    if (error instanceof CannotEmulate) return openRelayedPath(error.message);
    throw error;
  });
}

const path = await openPath();
const transports = await transportsUnderTest();
const matrix: readonly Conditions[] = limits.flatMap((bandwidthMbit) =>
  roundTrips.flatMap((rttMs) => losses.map((lossPercent) => ({ rttMs, lossPercent, bandwidthMbit }))),
);
const cells: readonly Cell[] = matrix.flatMap((conditions) =>
  transports
    .filter((transport) => path.can(conditions, transport))
    .map((transport) => ({ conditions, transport, measured: [] })),
);
const ceilings: Ceiling[] = [];
const loads: number[] = [];
try {
  for (let round = 0; round < rounds; round += 1) {
    ceilings.push(await path.ceiling());
    for (const { conditions, transport, measured } of cells) {
      measured.push(await path.measure(conditions, transport, seconds));
      loads.push(loadavg()[0] ?? Number.NaN);
    }
    console.error(`round ${round + 1} of ${rounds}`);
  }
} finally {
  await path.close();
}

const rowsOf = (limit: number): readonly Row[] =>
  matrix
    .filter(({ bandwidthMbit }) => bandwidthMbit === limit)
    .map((conditions) => ({
      conditions,
      columns: transports.map(
        (transport) =>
          cells.find((cell) => cell.conditions === conditions && cell.transport === transport)?.measured ?? [],
      ),
    }));
const load = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
console.log(
  [
    `${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${load} (the benchmark's own included); one stream, ${seconds} s ` +
      `from its first byte; MB/s, median of ${rounds} interleaved rounds`,
    ...(path.shortcoming === null ? [] : ['', path.shortcoming]),
    ...limits.flatMap((limit) => ['', ...table(limit, transports, rowsOf(limit), ceilings)]),
  ].join('\n'),
);
await mkdir(join(repository, 'test-results'), { recursive: true });
await writeFile(
  join(repository, 'test-results/bench-network.json'),
  `${JSON.stringify(
    {
      shortcoming: path.shortcoming,
      ceilings,
      cells: cells.map(({ conditions, transport, measured }) => ({
        ...conditions,
        transport: transport.name,
        measured,
      })),
    },
    null,
    2,
  )}\n`,
);
