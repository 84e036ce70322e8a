/**
 * The real kubectl against the control plane. Skipped, and said so, where there is no kubectl.
 */
import { spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Role } from './authorization/rules.ts';
import { createTestClient, type TestClient } from './test-client.ts';
import { startTestControlPlane, type TestControlPlane } from './test-control-plane.ts';

const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
const present = kubectl.status === 0;
if (!present) process.stderr.write('SKIPPED: kubectl is not installed, its tests prove nothing on this machine\n');

let controlPlane: TestControlPlane;
let client: TestClient;
const configs = new Map<Role, string>();

beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  client = createTestClient(controlPlane);
  for (const role of ['admin', 'agent'] as const) configs.set(role, await controlPlane.kubeconfigFile(role));
});
afterAll(async () => {
  client.close();
  await controlPlane.close();
});

type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };
type Running = { readonly out: () => string; readonly done: Promise<Outcome>; stop(): void };

function launch(args: readonly string[], input = '', role: Role = 'admin'): Running {
  const child = spawn('kubectl', args, {
    env: { ...process.env, KUBECONFIG: configs.get(role), HOME: controlPlane.dataDir },
    timeout: 15_000,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(input);
  const done = new Promise<Outcome>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
  return { out: () => out, done, stop: () => child.kill('SIGTERM') };
}

const run = (args: string, input = '', role: Role = 'admin'): Promise<Outcome> =>
  launch(args.split(' '), input, role).done;

async function succeed(args: string, input = '', role: Role = 'admin'): Promise<string> {
  const { code, out, err } = await run(args, input, role);
  expect(code, `kubectl ${args}: ${err}`).toBe(0);
  return out;
}

function connector(name: string, labels = '{}', extra = ''): string {
  return `
apiVersion: networking.datumapis.com/v1alpha1
kind: Connector
metadata: { name: ${name}, labels: ${labels} }
spec:
  connectorClassName: sallyport
  ${extra}
`;
}

const statusPath = (name: string): string =>
  `/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors/${name}/status`;

async function setReady(name: string): Promise<void> {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Proven',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const body = { status: { conditions: [condition] } };
  const reply = await client.send('PATCH', statusPath(name), { body, type: 'application/merge-patch+json' });
  expect(reply.status).toBe(200);
}

describe.skipIf(!present)('kubectl', () => {
  test('applies, applies again, changes, shows, describes, and deletes', async () => {
    expect(await succeed('apply -f -', connector('one'))).toContain('connector.networking.datumapis.com/one created');
    expect(await succeed('apply -f -', connector('one'))).toContain('one unchanged');
    expect(await succeed('apply -f -', connector('one', '{ team: a }'))).toContain('one configured');
    expect(await succeed('get connectors.networking.datumapis.com -l team=a -o name')).toBe(
      'connector.networking.datumapis.com/one\n',
    );
    expect(await succeed('get connector one -o yaml')).toContain('connectorClassName: sallyport');
    expect(await succeed('describe connector one')).toContain('Connector Class Name:  sallyport');
    expect(await succeed('delete connector one')).toContain('"one" deleted');
    expect((await run('get connector one')).err).toContain('NotFound');
  });

  test('shows printer columns and ages', async () => {
    await succeed('apply -f -', connector('columns'));
    await setReady('columns');
    const [header, row] = (await succeed('get connectors --field-selector metadata.name=columns')).split('\n');
    expect(header).toMatch(/^NAME +CLASS +ACCEPTED +READY +AGE$/);
    expect(row).toMatch(/^columns +sallyport +True +\d+s$/);
    await succeed('delete connector columns');
  });

  test('follows changes with get -w', async () => {
    const watching = launch(['get', 'connectors', '-w', '-o', 'name']);
    await succeed('apply -f -', connector('watched'));
    await expect.poll(watching.out, { timeout: 10_000 }).toContain('connector.networking.datumapis.com/watched');
    const table = launch(['get', 'connectors', '-w']);
    await expect.poll(table.out, { timeout: 10_000 }).toMatch(/watched +sallyport/);
    await setReady('watched');
    await expect.poll(table.out, { timeout: 10_000 }).toMatch(/watched +sallyport +True +\d+s/);
    watching.stop();
    table.stop();
    await Promise.all([watching.done, table.done, succeed('delete connector watched')]);
  });

  test('waits for a condition, and for a deletion', async () => {
    await succeed('apply -f -', connector('awaited'));
    const waiting = launch(['wait', '--for=condition=Ready', 'connector/awaited', '--timeout=10s']);
    await setReady('awaited');
    expect((await waiting.done).out).toContain('condition met');
    const gone = launch(['wait', '--for=delete', 'connector/awaited', '--timeout=10s']);
    await succeed('delete connector awaited --wait=false');
    expect((await gone.done).code).toBe(0);
    expect((await run('wait --for=condition=Ready connector/nobody --timeout=1s')).code).toBe(1);
  });

  test('is told which field is wrong', async () => {
    const invalid = connector('wrong', '{}', 'capabilities: [{ enabled: true }]');
    expect((await run('apply -f -', invalid)).err).toContain('spec.capabilities[0].type');
    const unknown = connector('wrong', '{}', 'capabilites: []');
    expect((await run('apply -f -', unknown)).err).toContain('unknown field "spec.capabilites"');
    const serverSide = await run('apply --server-side -f -', connector('wrong'));
    expect(serverSide.err).toContain('server-side apply is not served');
  });

  test('explains, lists types and definitions, and answers auth questions', async () => {
    expect(await succeed('explain connector.spec.connectorClassName')).toContain('FIELD: connectorClassName <string>');
    expect(await succeed('explain lease.spec')).toContain('renewTime');
    expect(await succeed('api-resources -o name')).toContain('httpproxies.networking.datumapis.com');
    expect(await succeed('get crd')).toContain('drtpservers.datumapis.com');
    await succeed('wait --for=condition=Established crd/connectors.networking.datumapis.com --timeout=5s');
    expect(await succeed('auth can-i create connectors', '', 'agent')).toBe('yes\n');
    expect((await run('auth can-i create leases', '', 'agent')).out).toMatch(/^no\b/);
    expect((await run('create namespace mine', '', 'agent')).err).toContain('cannot create namespaces');
    expect(await succeed('auth whoami', '', 'agent')).toContain('test-agent');
  });

  test('makes namespaces and deletes them with what is in them', async () => {
    await succeed('create namespace team');
    await succeed('apply -n team -f -', connector('inside'));
    await succeed('delete namespace team --timeout=10s');
    expect(await succeed('get connectors -A -o name')).not.toContain('inside');
    expect((await run('apply -n team -f -', connector('inside'))).err).toContain('namespaces "team" not found');
  });

  test('compares, rehearses, patches and edits labels', async () => {
    await succeed('apply -f -', connector('patched'));
    expect((await run('diff -f -', connector('patched', '{ a: b }'))).code).toBe(1);
    expect(await succeed('apply --dry-run=server -f -', connector('rehearsed'))).toContain('server dry run');
    expect((await run('get connector rehearsed')).code).toBe(1);
    await succeed('label connector patched a=c');
    await succeed('annotate connector patched note=x');
    await succeed('patch connector patched --type=json -p [{"op":"remove","path":"/metadata/labels/a"}]');
    expect((await run('patch connector patched -p {}')).err).toContain(
      'application/strategic-merge-patch+json is not supported',
    );
    await succeed('delete connectors --all');
  });
});
