/**
 * The processes of a Kubernetes API server: ours, built from pinned modules, or the official ones of KUBEBUILDER_ASSETS.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startChild, type Child } from '../processes/child.ts';
import { freePorts } from '../processes/free-ports.ts';
import { buildServer } from './build-server.ts';

export type ServerFiles = { readonly cert: string; readonly key: string; readonly tokens: string };

export type ServerProcess = {
  readonly flavour: 'built' | 'envtest';
  /** Such as `https://127.0.0.1:43210`. It may take a moment until it answers. */
  readonly server: string;
  /** Whether owners' garbage is collected and namespaces end; the official binaries alone do neither. */
  readonly hasControllers: boolean;
  readonly processes: readonly Child[];
  /** Ends all of it. Rejects if a process did not end in order. */
  stop(): Promise<void>;
};

const loopback = '127.0.0.1';
const readyWithinMs = 90_000;
const endWithinMs = 15_000;

/** Starts a server whose data lives in `directory`, which nobody else may enter. */
export function startServerProcess(directory: string, files: ServerFiles): Promise<ServerProcess> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  return assets === undefined || assets === '' ? startBuilt(directory, files) : startEnvtest(assets, directory, files);
}

async function startBuilt(directory: string, files: ServerFiles): Promise<ServerProcess> {
  const { path } = await buildServer();
  const child = startChild(
    path,
    ['--cert', files.cert, '--key', files.key, '--tokens', files.tokens, '--data', directory],
    // Nothing is written to its input; that it closes, also when this process is killed, ends the server.
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const { server } = await child.event<{ readonly server: string }>('ready', readyWithinMs).catch(ended([child]));
  return { flavour: 'built', server, hasControllers: true, processes: [child], stop: () => endAll([child]) };
}

async function startEnvtest(assets: string, directory: string, files: ServerFiles): Promise<ServerProcess> {
  const [clientPort, peerPort, port] = await freePorts(3);
  const etcdUrl = `http://${loopback}:${clientPort}`;
  const peerUrl = `http://${loopback}:${peerPort}`;
  const serviceAccountKey = join(directory, 'service-account-key.pem');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(serviceAccountKey, privateKey, { mode: 0o600 });
  await mkdir(join(directory, 'etcd'), { mode: 0o700 });
  const etcd = startChild(join(assets, 'etcd'), [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ]);
  const api = startChild(join(assets, 'kube-apiserver'), [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${loopback}`,
    `--advertise-address=${loopback}`,
    `--secure-port=${port}`,
    `--cert-dir=${directory}`,
    `--tls-cert-file=${files.cert}`,
    `--tls-private-key-file=${files.key}`,
    '--tls-min-version=VersionTLS13',
    `--token-auth-file=${files.tokens}`,
    '--anonymous-auth=false',
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${serviceAccountKey}`,
    `--service-account-signing-key-file=${serviceAccountKey}`,
  ]);
  const server = `https://${loopback}:${port}`;
  const processes = [api, etcd];
  return { flavour: 'envtest', server, hasControllers: false, processes, stop: () => endAll(processes) };
}

/** In this order: an API server without its etcd does not end for a long time. */
async function endAll(processes: readonly Child[]): Promise<void> {
  const disorderly: Child[] = [];
  for (const child of processes) {
    const code = await child.end('SIGTERM', endWithinMs);
    // etcd gives the signal to itself once it is done; SIGKILL came from us, when its time was up.
    if (code !== 0 && child.process.signalCode !== 'SIGTERM') disorderly.push(child);
  }
  const reports = disorderly.map(({ process: { spawnfile, exitCode, signalCode }, output }) =>
    [`${spawnfile} ended with ${signalCode ?? exitCode}:`, ...output.slice(-40)].join('\n'),
  );
  if (reports.length > 0) throw new Error(reports.join('\n'));
}

/** Rethrows once `processes` have ended. */
function ended(processes: readonly Child[]): (error: unknown) => Promise<never> {
  return async (error) => {
    for (const child of processes) await child.end('SIGKILL');
    throw error;
  };
}
