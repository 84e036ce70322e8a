/**
 * One end of the comparison in a process of its own, so that a network can be put between the two. Prints JSON lines.
 *
 *   node bench/quic/endpoint.ts server --transport quinn-bbr --address 127.0.0.1
 *     {"event":"ready","port":…,"certificate":"/tmp/…/certificate.pem"}; runs until it is killed
 *   node bench/quic/endpoint.ts client --transport quinn-bbr --address 127.0.0.1 --port … --certificate …
 *     {"event":"result","operation":"ping",…} for each operation, then {"event":"done"}
 *
 * `--operations a,b` measures only these, `--bytes`, `--pings` and `--requests` set how much of each. A client with
 * `--seconds` instead receives on one stream for that long, and says {"event":"done","bytes":…,"ms":…}. A server with
 * `--certificate` writes its certificate there, so that both can be told one path beforehand.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

import { selfSigned } from '#tunnel/testing/certificates.ts';

import { operations, receiveFor } from './operations.ts';
import { createService } from './service.ts';
import { serverName } from './transport.ts';
import { transports } from './transports.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    transport: { type: 'string', default: 'quinn-bbr' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    certificate: { type: 'string' },
    operations: { type: 'string', default: Object.keys(operations).join(',') },
    bytes: { type: 'string', default: '256000000' },
    pings: { type: 'string', default: '2000' },
    requests: { type: 'string', default: '4000' },
    seconds: { type: 'string' },
  },
});
/** An operation that hangs shall not stop the comparison. */
const operationMs = 60_000;

const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const transport = transports[values.transport];
if (transport === undefined)
  throw new Error(`No transport "${values.transport}": ${Object.keys(transports).join(' ')}`);
const { address } = values;
const port = Number(values.port);

async function serve(): Promise<void> {
  const { cert: certificate, key } = await selfSigned([serverName]);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = values.certificate ?? join(folder, 'certificate.pem');
  writeFileSync(file, certificate);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
  const bound = await transport?.listen({ address, port, identity: { certificate, key }, visitors: createService() });
  say({ event: 'ready', port: bound, certificate: file, node: process.versions.node });
}

async function measure(): Promise<void> {
  if (values.certificate === undefined) throw new Error('--certificate is missing: the file that the server names');
  const startedAt = performance.now();
  const link = await transport?.dial({ address, port, ca: readFileSync(values.certificate, 'utf8') });
  if (link === undefined) return;
  if (values.seconds !== undefined) {
    say({ event: 'done', ...(await receiveFor(link, Number(values.seconds) * 1e3)) });
    process.exit(0);
  }
  say({ event: 'result', operation: 'dial', ms: performance.now() - startedAt });
  const sizes = { bytes: Number(values.bytes), pings: Number(values.pings), requests: Number(values.requests) };
  for (const operation of values.operations.split(',')) {
    const run = operations[operation];
    if (run === undefined) throw new Error(`No operation "${operation}": ${Object.keys(operations).join(' ')}`);
    const overdue = new Promise<{ failed: string }>((resolve) => {
      setTimeout(() => resolve({ failed: `nothing within ${operationMs} ms` }), operationMs).unref();
    });
    const measured = run(link, sizes).catch((error: unknown) => ({ failed: String(error) }));
    say({ event: 'result', operation, ...(await Promise.race([measured, overdue])) });
  }
  await link.close();
  say({ event: 'done' });
  process.exit(0);
}

await (positionals[0] === 'server' ? serve() : measure());
