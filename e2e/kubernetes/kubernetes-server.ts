/**
 * A Kubernetes API server for one test run: a folder of its own, certificates, a token for each role, Sallyport's CRDs
 * and the rights that `deploy/rbac` grants. Loopback only.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { parseAllDocuments, stringify } from 'yaml';

import { repository } from '../processes/sallyport.ts';
import { createApiClient, type ApiClient, type Manifest } from './api-client.ts';
import { createAuthority, type Authority } from './certificates.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

/** Each role's user, and the group that `deploy/rbac/bindings.yaml` knows it by. */
const groups = {
  admin: 'system:masters',
  agent: 'sallyport:agents',
  operator: 'sallyport:operators',
  edge: 'sallyport:edges',
} as const;
export type Role = keyof typeof groups;
const roles = Object.keys(groups) as readonly Role[];

export type KubernetesServer = {
  readonly server: string;
  /** Such as `v1.36.3`. */
  readonly version: string;
  readonly flavour: ServerProcess['flavour'];
  readonly hasControllers: boolean;
  readonly processes: ServerProcess['processes'];
  /** For whatever a test needs beside it; removed with the server. */
  readonly directory: string;
  readonly authority: Authority;
  /** Path of each role's kubeconfig. */
  readonly kubeconfigs: Readonly<Record<Role, string>>;
  readonly as: Readonly<Record<Role, ApiClient>>;
  stop(): Promise<void>;
};

const pollMs = 50;
const answersWithinMs = 60_000;

/** Writes a file that only this user may read. */
export function writePrivate(path: string, content: string): Promise<void> {
  return writeFile(path, content, { mode: 0o600, flag: 'wx' });
}

function forEachRole<T>(make: (role: Role) => T): Readonly<Record<Role, T>> {
  return Object.fromEntries(roles.map((role) => [role, make(role)])) as unknown as Readonly<Record<Role, T>>;
}

/** Starts it, building it first where that is needed. Rejects with CannotBuild where it cannot be built. */
export async function startKubernetesServer(): Promise<KubernetesServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sp-kube-'));
  let running: ServerProcess | null = null;
  const stop = async (): Promise<void> => {
    try {
      await running?.stop();
    } finally {
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  try {
    const authority = await createAuthority();
    const tokens = forEachRole(() => randomBytes(32).toString('base64url'));
    const files = await writeServerFiles(directory, authority, tokens);
    running = await startServerProcess(directory, files);
    const { server } = running;
    const as = forEachRole((role) => createApiClient({ server, ca: authority.cert, token: tokens[role] }));
    const kubeconfigs = forEachRole((role) => join(directory, `kubeconfig-${role}.yaml`));
    for (const role of roles) {
      await writePrivate(kubeconfigs[role], kubeconfig(server, authority.cert, role, tokens[role]));
    }
    const version = await becomesReady(as.admin);
    await install(as);
    const { flavour, hasControllers, processes } = running;
    return { server, version, flavour, hasControllers, processes, directory, authority, kubeconfigs, as, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeServerFiles(
  directory: string,
  authority: Authority,
  tokens: Readonly<Record<Role, string>>,
): Promise<{ readonly cert: string; readonly key: string; readonly tokens: string }> {
  const { cert, key } = await authority.issue(['127.0.0.1', 'localhost']);
  const files = {
    cert: join(directory, 'server.pem'),
    key: join(directory, 'server-key.pem'),
    tokens: join(directory, 'tokens.csv'),
  };
  await writePrivate(files.cert, cert);
  await writePrivate(files.key, key);
  await writePrivate(files.tokens, roles.map((role) => `${tokens[role]},${role},${role},"${groups[role]}"\n`).join(''));
  return files;
}

function kubeconfig(server: string, ca: string, user: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'tests', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'tests', context: { cluster: 'tests', user, namespace: 'default' } }],
    'current-context': 'tests',
  });
}

/** The server's version, once it says that it is ready and has the namespace that the tests use. */
async function becomesReady(admin: ApiClient): Promise<string> {
  await answers(admin, '/readyz');
  await answers(admin, '/api/v1/namespaces/default');
  const { body } = await admin.call('GET', '/version');
  return (body as { readonly gitVersion: string }).gitVersion;
}

/** Applies CRDs and rights, and waits until the server acts on both. */
async function install(as: Readonly<Record<Role, ApiClient>>): Promise<void> {
  const crds = await manifestsIn(join(repository, 'crds'));
  for (const manifest of [...crds, ...(await manifestsIn(join(repository, 'deploy/rbac')))]) {
    await as.admin.apply(manifest);
  }
  const names = crds.flatMap((crd) => {
    const { group, names, versions } = (crd as unknown as CustomResourceDefinition).spec;
    return versions.map(({ name }) => `${names.plural}.${group}/${name}`);
  });
  await until('the CRDs are served', async () => {
    const served = await as.admin.discover();
    return names.every((name) => served.has(name));
  });
  await answers(as.operator, '/apis/coordination.k8s.io/v1/leases');
  await answers(as.edge, '/apis/networking.datumapis.com/v1alpha1/connectors');
  await answers(as.agent, '/apis/networking.datumapis.com/v1alpha1/namespaces/default/connectors');
}

type CustomResourceDefinition = {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string }[];
  };
};

async function manifestsIn(folder: string): Promise<readonly Manifest[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).toSorted();
  const manifests: Manifest[] = [];
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(join(folder, file), 'utf8'))) {
      manifests.push(document.toJS() as Manifest);
    }
  }
  return manifests;
}

/** Waits until `path` can be read. */
function answers(client: ApiClient, path: string): Promise<void> {
  return until(`${path} answers`, async () => (await client.call('GET', path)).status === 200);
}

/** Waits until `isSo` says yes; that it throws means no. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + answersWithinMs;
  for (;;) {
    let last: unknown = null;
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`, { cause: last });
    await delay(pollMs);
  }
}
