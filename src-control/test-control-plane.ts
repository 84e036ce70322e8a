/**
 * A control plane for tests: temporary data, a fresh certificate for 127.0.0.1, a token and a kubeconfig a role.
 * Not part of the product.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { PemConverter, X509CertificateGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger, type Logger } from '#base/logger.ts';
import { roles, type Role } from './authorization/rules.ts';
import { readDefinitions, startControlPlane, type ControlPlane, type Limits } from './control-plane.ts';

export type TestControlPlane = {
  readonly server: string;
  /** PEM; clients trust it as their CA. */
  readonly cert: string;
  readonly dataDir: string;
  token(role: Role): string;
  /** A kubeconfig as YAML (JSON is YAML), namespace `default`. */
  kubeconfig(role: Role): string;
  /** Writes the kubeconfig to a file and returns its path. */
  kubeconfigFile(role: Role): Promise<string>;
  /** Stops it and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
};

/** `limits` replace the defaults, `crds` is the folder of definitions. */
export async function startTestControlPlane(
  options: {
    readonly limits?: Partial<Limits>;
    readonly clock?: Clock;
    readonly log?: Logger;
    readonly crds?: string;
  } = {},
): Promise<TestControlPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-control-'));
  const dataDir = join(directory, 'data');
  const { cert, key } = await createTestCertificate();
  const definitions = await readDefinitions(options.crds ?? join(import.meta.dirname, '../crds'));
  const token = (role: Role): string => `${role}-token-for-tests`;
  const start = (port: number): Promise<ControlPlane> =>
    startControlPlane({
      host: '127.0.0.1',
      port,
      dataDir,
      cert,
      key,
      tokens: roles.map((role) => ({ token: token(role), user: `test-${role}`, role })),
      definitions,
      clock: options.clock ?? systemClock,
      random: Math.random,
      log: options.log ?? silentLogger,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  let running = await start(0);
  const { server, port } = running;
  const kubeconfig = (role: Role): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(cert).toString('base64') } },
      ],
      users: [{ name: role, user: { token: token(role) } }],
      contexts: [{ name: role, context: { cluster: 'test', user: role, namespace: 'default' } }],
      'current-context': role,
    });
  return {
    server,
    cert,
    dataDir,
    token,
    kubeconfig,
    kubeconfigFile: async (role) => {
      const path = join(directory, `kubeconfig-${role}`);
      await writeFile(path, kubeconfig(role), { mode: 0o600 });
      return path;
    },
    restart: async () => {
      await running.close();
      running = await start(port);
    },
    close: async () => {
      await running.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A self-signed certificate for 127.0.0.1 and localhost, valid for a day, as PEM. */
export async function createTestCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const dayMs = 86_400_000;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=sallyport test',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  const privateKey = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key: privateKey };
}
