/**
 * Operator and edge of the platform as processes of the built command line, against a Kubernetes API server.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { startChild, type Child } from '../processes/child.ts';
import { repository } from '../processes/sallyport.ts';
import { writePrivate } from './access.ts';
import type { KubernetesServer } from './kubernetes-server.ts';

export type Platform = {
  readonly operator: Child;
  readonly edge: Child;
  /** Where visitors arrive, such as `http://127.0.0.1:43211`. */
  readonly http: string;
  /** Ends both, and gives their exit codes: edge, operator. */
  stop(): Promise<readonly (number | null)[]>;
};

const loopback = '127.0.0.1';
/** Name of the edge in its certificate; it is verified, never resolved. */
const serverName = 'edge.tests.sallyport.internal';

export async function startPlatform(kubernetes: KubernetesServer): Promise<Platform> {
  const file = (name: string): string => join(kubernetes.directory, name);
  const { cert, key } = await kubernetes.authority.issue([serverName]);
  await writePrivate(file('edge.pem'), cert);
  await writePrivate(file('edge-key.pem'), key);
  await writePrivate(file('edge-ca.pem'), kubernetes.authority.cert);
  await writePrivate(file('probe-token'), randomBytes(32).toString('base64url'));
  const probeTokenFile = file('probe-token');
  await writePrivate(file('operator.yaml'), stringify({ kubeconfig: kubernetes.kubeconfigs.operator, probeTokenFile }));
  await writePrivate(
    file('edge.yaml'),
    stringify({
      name: 'tests',
      namespace: 'default',
      kubeconfig: kubernetes.kubeconfigs.edge,
      domain: 'localhost',
      http: { host: loopback, port: 0 },
      tunnel: {
        host: loopback,
        port: 0,
        address: loopback,
        serverName,
        certFile: file('edge.pem'),
        keyFile: file('edge-key.pem'),
        caFile: file('edge-ca.pem'),
      },
      probeTokenFile,
    }),
  );
  const start = (part: 'operator' | 'edge'): Child =>
    startChild(process.execPath, [join(repository, 'dist/node/cli.mjs'), part, '--config', file(`${part}.yaml`)]);
  const operator = start('operator');
  const edge = start('edge');
  try {
    await operator.event('ready');
    const { http } = await edge.event<{ readonly http: string }>('ready');
    return { operator, edge, http, stop: async () => [await edge.end('SIGTERM'), await operator.end('SIGTERM')] };
  } catch (error) {
    for (const child of [operator, edge]) await child.end('SIGKILL');
    throw error;
  }
}
