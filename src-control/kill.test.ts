/**
 * The process killed with SIGKILL in the middle of writes: everything it acknowledged is there afterwards.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createTestClient, type TestClient } from './test-client.ts';
import { createTestCertificate } from './test-control-plane.ts';

const token = 'a-token-for-the-kill-test';
const connectors = '/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors';

let directory: string;
let cert: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-kill-'));
  const certificate = await createTestCertificate();
  cert = certificate.cert;
  await writeFile(join(directory, 'cert.pem'), certificate.cert);
  await writeFile(join(directory, 'key.pem'), certificate.key, { mode: 0o600 });
  const tokens = JSON.stringify([{ token, user: 'admin', role: 'admin' }]);
  await writeFile(join(directory, 'tokens.json'), tokens, { mode: 0o600 });
  const crdsDir = join(import.meta.dirname, '../crds');
  const config = {
    port: 0,
    dataDir: 'data',
    certFile: 'cert.pem',
    keyFile: 'key.pem',
    tokensFile: 'tokens.json',
    crdsDir,
  };
  await writeFile(join(directory, 'config.yaml'), JSON.stringify(config));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** Starts the real process entry; resolves with a client once it said that it is ready. */
async function start(stdio: 'pipe' | 'ipc' = 'pipe'): Promise<TestClient> {
  const entry = join(import.meta.dirname, 'main.ts');
  const started = spawn(process.execPath, [entry, '--config', join(directory, 'config.yaml')], {
    stdio: ['ignore', 'pipe', 'inherit', stdio === 'ipc' ? 'ipc' : 'ignore'],
  });
  child = started;
  if (started.stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: started.stdout })) {
    const { event, server } = JSON.parse(line) as { event: string; server: string };
    expect(event).toBe('ready');
    return createTestClient({ server, cert, token: () => token });
  }
  throw new Error('the process ended before it was ready');
}

function exitOf(process: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => {
    process.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

describe('the process', () => {
  test('loses nothing it acknowledged when it is killed, three times over', async () => {
    const acknowledged = new Map<string, string>();
    const asked = new Set<string>();
    const deleted = new Set<string>();
    let newest = 0;
    for (const round of [1, 2, 3]) {
      const client = await start();
      const killed = child;
      if (killed === undefined) throw new Error('not started');
      const gone = exitOf(killed);
      let acknowledgements = 0;
      const writer = async (id: number): Promise<void> => {
        for (let index = 0; ; index += 1) {
          const name = `r${round}-w${id}-${index}`;
          const metadata = { name, labels: { round: String(round) } };
          const created = await client.send('POST', connectors, {
            body: { metadata, spec: { connectorClassName: 'x' } },
          });
          expect(created.status).toBe(201);
          acknowledged.set(name, created.body.metadata.resourceVersion as string);
          acknowledgements += 1;
          // Well into the work, with writers in all stages.
          if (acknowledgements === 60) killed.kill('SIGKILL');
          if (index % 4 !== 3) continue;
          const victim = `r${round}-w${id}-${index - 1}`;
          asked.add(victim);
          const gone = await client.send('DELETE', `${connectors}/${victim}`);
          if (gone.status === 200) deleted.add(victim);
        }
      };
      await Promise.allSettled([0, 1, 2, 3].map(writer));
      expect(await gone).toBe('SIGKILL');
      client.close();
      newest = Math.max(newest, ...[...acknowledged.values()].map(Number));
    }
    const client = await start();
    const { body } = await client.send('GET', connectors);
    const found = new Map(
      body.items.map((each: { metadata: { name: string; resourceVersion: string } }) => [
        each.metadata.name,
        each.metadata.resourceVersion,
      ]),
    );
    for (const [name, version] of acknowledged) {
      if (deleted.has(name)) expect(found.has(name), name).toBe(false);
      else if (!asked.has(name)) expect(found.get(name), name).toBe(version);
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(180);
    expect(deleted.size).toBeGreaterThan(0);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThanOrEqual(newest);
    client.close();
  });

  test('refuses a data directory that another process uses, and takes it once that one was killed', async () => {
    const client = await start();
    const first = child;
    const entry = join(import.meta.dirname, 'main.ts');
    const second = spawn(process.execPath, [entry, '--config', join(directory, 'config.yaml')], { stdio: 'ignore' });
    expect(await exitOf(second)).toBe(70);
    if (first === undefined) throw new Error('not started');
    const gone = exitOf(first);
    first.kill('SIGKILL');
    await gone;
    client.close();
    const again = await start();
    expect((await again.send('GET', '/readyz')).body).toBe('ok');
    again.close();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends in order on %s', async (signal) => {
    const client = await start();
    const watch = await client.watch(`${connectors}?watch=true`);
    if (child === undefined) throw new Error('not started');
    const gone = exitOf(child);
    child.kill(signal);
    expect(await gone).toBe(0);
    await expect.poll(() => watch.ended).toBe(true);
    client.close();
  });

  test('ends when the process that started it lets go', async () => {
    const client = await start('ipc');
    if (child === undefined) throw new Error('not started');
    const gone = exitOf(child);
    child.disconnect();
    expect(await gone).toBe(0);
    client.close();
  });

  test('refuses a token file that others can read', async () => {
    await writeFile(join(directory, 'open.json'), '[]', { mode: 0o644 });
    const config = {
      port: 0,
      dataDir: 'd',
      certFile: 'cert.pem',
      keyFile: 'key.pem',
      tokensFile: 'open.json',
      crdsDir: '.',
    };
    await writeFile(join(directory, 'config.yaml'), JSON.stringify(config));
    const entry = join(import.meta.dirname, 'main.ts');
    const args = [entry, '--config', join(directory, 'config.yaml')];
    const refused = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    refused.stderr.on('data', (data: Buffer) => {
      log += data.toString();
    });
    expect(await exitOf(refused)).toBe(78);
    expect(JSON.parse(log)).toMatchObject({ code: 'SP_CONFIG_INVALID', message: 'The configuration cannot be used' });
  });
});
