/**
 * The real kubectl: what it prints must be the same whichever of the two servers answers it.
 */
import { stringify } from 'yaml';

import { kinds, manifestOf, newName, type KindName } from './manifests.ts';
import { check, expect, onBoth, test, type KubectlOutcome, type Server } from './servers.ts';

const connectors = kinds.Connector.path;

/** What differs by nature: ages, times, versions and identities. */
function withoutPassingThings(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID')
    .replaceAll(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll(/(Resource Version: +|resourceVersion: )"?\d+"?/g, '$1N')
    .replaceAll(/ +\d+s$/gm, ' AGE');
}

const golden = ({ code, stdout, stderr }: KubectlOutcome): KubectlOutcome => ({
  code,
  stdout: withoutPassingThings(stdout),
  stderr: withoutPassingThings(stderr),
});

/** Makes an object of `kind` with a status, on which commands can be tried. */
async function prepare({ as: { admin } }: Server, kind: KindName, name: string): Promise<void> {
  const { path, status } = kinds[kind];
  expect((await admin.call('POST', path, manifestOf(kind, name))).status).toBe(201);
  if (status !== undefined) await admin.call('PATCH', `${path}/${name}/status`, { status });
}

/** A command on an object called NAME; `prints` is what both must print. */
type Command = readonly [args: string, kind: KindName, prints: RegExp];

const commands: readonly Command[] = [
  ['get connector NAME -o wide', 'Connector', /^NAME +CLASS +ACCEPTED +READY +AGE\nNAME +sallyport +True +AGE\n$/],
  ['get connectoradvertisement NAME -o wide', 'ConnectorAdvertisement', /^NAME +CONNECTOR +ACCEPTED +AGE\n/],
  ['get connectorclass NAME -o wide', 'ConnectorClass', /^NAME +CONTROLLER +AGE\n/],
  [
    'get httpproxy NAME -o wide',
    'HTTPProxy',
    /^NAME +HOSTNAME +PROGRAMMED +READY +AGE\nNAME +shop\.example\.com +AGE\n$/,
  ],
  [
    'get drtpserver NAME -o wide',
    'DRTPServer',
    /^NAME +ADDRESS +HEALTH +AGE\nNAME +edge\.example\.com +Healthy +AGE\n$/,
  ],
  ['get lease NAME -o wide', 'Lease', /^NAME +HOLDER +AGE\nNAME +somebody +AGE\n$/],
  ['get connector NAME --no-headers', 'Connector', /^NAME +sallyport/],
  ['get connector NAME -o name', 'Connector', /^connector\.networking\.datumapis\.com\/NAME\n$/],
  ['get connector NAME -o yaml', 'Connector', /connectorClassName: sallyport/],
  ['get connector NAME -o jsonpath={.status.connectionDetails.type}', 'Connector', /^PublicKey$/],
  ['get connector NAME -o custom-columns=N:.metadata.name,C:.spec.connectorClassName', 'Connector', /^N +C\n/],
  ['get connectors --field-selector metadata.name=NAME', 'Connector', /NAME +sallyport/],
  ['get connectors --selector none=such', 'Connector', /^$/],
  ['get connector nobody', 'Connector', /^$/],
  ['describe connector NAME', 'Connector', /Connector Class Name: +sallyport/],
  ['describe httpproxy NAME', 'HTTPProxy', /Canonical Hostname: +shop\.example\.com/],
  ['describe connectoradvertisement NAME', 'ConnectorAdvertisement', /Connector Ref:/],
  ['describe drtpserver NAME', 'DRTPServer', /Tunnel Server Name: +edge\.example\.com/],
  ['wait connector NAME --for=condition=Accepted --timeout=5s', 'Connector', /condition met/],
  [
    'wait connector NAME --for=jsonpath={.spec.connectorClassName}=sallyport --timeout=5s',
    'Connector',
    /condition met/,
  ],
  ['wait connector NAME --for=condition=Ready --timeout=1s', 'Connector', /^$/],
  ['label connector NAME a=b', 'Connector', /NAME labeled/],
  ['annotate connector NAME a=b', 'Connector', /NAME annotated/],
  ['patch connector NAME --type=merge -p {"spec":{"connectorClassName":"other"}}', 'Connector', /NAME patched/],
  ['patch connector NAME --type=json -p [{"op":"remove","path":"/spec/capabilities"}]', 'Connector', /NAME patched/],
  [
    'patch connector NAME --subresource=status --type=merge -p {"status":{"leaseRef":{"name":"l"}}}',
    'Connector',
    /patched/,
  ],
  ['delete connector NAME', 'Connector', /"NAME" deleted/],
  ['delete connectors --field-selector metadata.name=NAME', 'Connector', /"NAME" deleted/],
];

for (const [args, kind, prints] of commands) {
  test(`kubectl ${args}`, async ({ servers }) => {
    const name = newName();
    const { kubernetes, embedded } = await onBoth(servers, async (on) => {
      await prepare(on, kind, name);
      return on.kubectl(args.split(' ').map((word) => word.replace('NAME', name)));
    });
    const { stdout } = golden(kubernetes);
    expect(stdout.replaceAll(name, 'NAME')).toMatch(prints);
    expect(golden(embedded)).toEqual(golden(kubernetes));
  });
}

for (const path of [
  'connector.spec',
  'connector.spec.capabilities',
  'connector.status.connectionDetails.publicKey',
  'connectoradvertisement.spec.layer4.services',
  'httpproxy.spec.rules.backends',
  'drtpserver.spec',
]) {
  test(`kubectl explain ${path} says the same on both`, async ({ servers }) => {
    const { kubernetes, embedded } = await onBoth(servers, (on) => on.kubectl(['explain', path]));
    expect(kubernetes).toMatchObject({ code: 0, stdout: expect.stringContaining('FIELDS:') });
    expect(embedded).toEqual(kubernetes);
  });
}

for (const group of ['networking.datumapis.com', 'datumapis.com', 'coordination.k8s.io']) {
  test(`kubectl api-resources of ${group} are the same`, async ({ servers }) => {
    const { kubernetes, embedded } = await onBoth(servers, (on) =>
      on.kubectl(['api-resources', `--api-group=${group}`]),
    );
    const lines = kubernetes.stdout.split('\n').filter((line) => !line.includes('leasecandidates'));
    expect(lines.length).toBeGreaterThan(2);
    expect(embedded.stdout.split('\n')).toEqual(lines);
  });
}

const yamlOf = (name: string, change: object = {}): string =>
  stringify({ ...manifestOf('Connector', name), ...change });

check('kubectl apply makes, leaves alone, changes, and takes away what the manifest no longer says', async (on) => {
  const name = newName();
  const apply = (input: string): Promise<KubectlOutcome> => on.kubectl(['apply', '-f', '-'], { input });
  expect((await apply(yamlOf(name))).stdout).toContain(`${name} created`);
  expect((await apply(yamlOf(name))).stdout).toContain(`${name} unchanged`);
  const less = yamlOf(name, { spec: { connectorClassName: 'sallyport' } });
  expect((await apply(less)).stdout).toContain(`${name} configured`);
  const { body } = await on.as.admin.call('GET', `${connectors}/${name}`);
  expect(body).toMatchObject({ spec: { connectorClassName: 'sallyport' } });
  expect(JSON.stringify((body as { spec: unknown }).spec)).not.toContain('capabilities');
});

check('kubectl diff shows what apply would change, and applies nothing', async (on) => {
  const name = newName();
  await prepare(on, 'Connector', name);
  const input = yamlOf(name, { spec: { connectorClassName: 'other' } });
  const { code, stdout } = await on.kubectl(['diff', '-f', '-'], { input });
  expect(code).toBe(1);
  expect(stdout).toContain('+  connectorClassName: other');
  expect((await on.as.admin.call('GET', `${connectors}/${name}`)).body).toMatchObject({
    spec: { connectorClassName: 'sallyport' },
  });
});

check('kubectl apply --dry-run=server makes nothing', async (on) => {
  const name = newName();
  const outcome = await on.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: yamlOf(name) });
  expect(outcome.stdout).toContain('created (server dry run)');
  expect((await on.as.admin.call('GET', `${connectors}/${name}`)).status).toBe(404);
});

check('kubectl apply of a mistake names the kind, the object and the field', async (on) => {
  const name = newName();
  const input = yamlOf(name, { spec: { connectorClassName: '' } });
  const { code, stderr } = await on.kubectl(['apply', '-f', '-'], { input });
  expect(code).toBe(1);
  expect(stderr).toContain(`The Connector "${name}" is invalid:`);
  expect(stderr).toContain('spec.connectorClassName: Invalid value: ""');
});

check('kubectl apply of an unknown field names it', async (on) => {
  const input = yamlOf(newName(), { spec: { connectorClassName: 'x', capabilites: [] } });
  const { code, stderr } = await on.kubectl(['apply', '-f', '-'], { input });
  expect(code).toBe(1);
  expect(stderr).toContain('Error from server (BadRequest)');
  expect(stderr).toContain('unknown field "spec.capabilites"');
});

check('kubectl create of what is there says that it exists', async (on) => {
  const name = newName();
  await prepare(on, 'Connector', name);
  const { code, stderr } = await on.kubectl(['create', '-f', '-'], { input: yamlOf(name) });
  expect(code).toBe(1);
  expect(stderr).toContain('Error from server (AlreadyExists)');
});

check('kubectl auth can-i and whoami', async (on) => {
  expect((await on.kubectl(['auth', 'can-i', 'create', 'connectors'], { role: 'agent' })).stdout).toBe('yes\n');
  expect((await on.kubectl(['auth', 'can-i', 'create', 'leases'], { role: 'agent' })).stdout).toMatch(/^no/);
  expect((await on.kubectl(['auth', 'whoami'], { role: 'agent' })).stdout).toMatch(/^Username +agent$/m);
});

check('kubectl is told that it may not', async (on) => {
  const { code, stderr } = await on.kubectl(['delete', 'drtpserver', 'any'], { role: 'agent' });
  expect(code).toBe(1);
  expect(stderr).toContain('Error from server (Forbidden): drtpservers.datumapis.com "any" is forbidden');
});

check('kubectl makes a namespace and deletes it with what is in it', async (on) => {
  const namespace = newName('ns');
  expect((await on.kubectl(['create', 'namespace', namespace])).stdout).toBe(`namespace/${namespace} created\n`);
  const applied = await on.kubectl(['apply', '-n', namespace, '-f', '-'], { input: yamlOf('inside') });
  expect(applied.stdout).toContain('inside created');
  const deleted = await on.kubectl(['delete', 'namespace', namespace, '--timeout=20s']);
  expect(deleted).toMatchObject({ code: 0, stdout: `namespace "${namespace}" deleted\n` });
});

check('kubectl wait sees a deletion', async (on) => {
  const name = newName();
  await prepare(on, 'Connector', name);
  const waiting = on.kubectl(['wait', `connector/${name}`, '--for=delete', '--timeout=20s']);
  await on.as.admin.call('DELETE', `${connectors}/${name}`);
  expect((await waiting).code).toBe(0);
});

check('our definitions are there and established', async (on) => {
  const crds = ['crd/connectors.networking.datumapis.com', 'crd/drtpservers.datumapis.com'];
  const { code } = await on.kubectl(['wait', '--for=condition=Established', '--timeout=10s', ...crds]);
  expect(code).toBe(0);
});

test('server-side apply works on Kubernetes; the embedded control plane says what to use instead', async ({
  servers,
}) => {
  const apply = (on: Server): Promise<KubectlOutcome> =>
    on.kubectl(['apply', '--server-side', '-f', '-'], { input: yamlOf(newName()) });
  const { kubernetes, embedded } = await onBoth(servers, apply);
  expect(kubernetes).toMatchObject({ code: 0, stdout: expect.stringContaining('serverside-applied') });
  expect(embedded.code).toBe(1);
  expect(embedded.stderr).toContain('use apply without --server-side');
});
