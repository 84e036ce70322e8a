/**
 * A Kubernetes API server for one test run: a folder of its own, certificates, a token for each role, Sallyport's CRDs
 * and the rights that `deploy/rbac` grants. Loopback only.
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { repository } from '../processes/sallyport.ts';
import {
  answers,
  groups,
  makeTokens,
  openAccess,
  roles,
  until,
  writePrivate,
  type Access,
  type PerRole,
} from './access.ts';
import type { ApiClient, Manifest } from './api-client.ts';
import { createAuthority, type Authority } from './certificates.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

export type KubernetesServer = Access & {
  readonly server: string;
  /** Such as `v1.36.3`. */
  readonly version: string;
  readonly flavour: ServerProcess['flavour'];
  readonly hasControllers: boolean;
  readonly processes: ServerProcess['processes'];
  /** For whatever a test needs beside it; removed with the server. */
  readonly directory: string;
  readonly authority: Authority;
  stop(): Promise<void>;
};

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
    const tokens = makeTokens();
    const files = await writeServerFiles(directory, authority, tokens);
    running = await startServerProcess(directory, files);
    const { server } = running;
    const access = await openAccess(directory, { server, ca: authority.cert, tokens });
    const { as } = access;
    const version = await becomesReady(as.admin);
    await install(as);
    const { flavour, hasControllers, processes } = running;
    return { server, version, flavour, hasControllers, processes, directory, authority, ...access, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeServerFiles(
  directory: string,
  authority: Authority,
  tokens: PerRole<string>,
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

/** The server's version, once it says that it is ready and has the namespace that the tests use. */
async function becomesReady(admin: ApiClient): Promise<string> {
  await answers(admin, '/readyz');
  await answers(admin, '/api/v1/namespaces/default');
  const { body } = await admin.call('GET', '/version');
  return (body as { readonly gitVersion: string }).gitVersion;
}

/** Applies CRDs and rights, and waits until the server acts on both. */
async function install(as: PerRole<ApiClient>): Promise<void> {
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
