/**
 * The playground's folder: certificates, tokens, ports, kubeconfigs and the configuration of its three servers.
 *
 * Idempotent: what is there and still good is kept, so that ports, identities and URLs survive restarts.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { stringify } from 'yaml';
import { z } from 'zod';

import { sleep, type Clock } from '#base/clock.ts';

import { makePrivateDirectory, writePrivateFile } from '../state/private-files.ts';
import {
  createAuthority,
  expiresAtMs,
  issueServerCertificate,
  renewBeforeMs,
  type CertificateFiles,
} from './certificates.ts';
import { chooseFreePort, isPortFree, loopback } from './ports.ts';

export const playgroundRoles = ['admin', 'agent', 'operator', 'edge'] as const;
export type PlaygroundRole = (typeof playgroundRoles)[number];

export type PlaygroundPartName = 'control' | 'operator' | 'edge';

export type PlaygroundFiles = {
  /** Path of the kubeconfig of each role. */
  readonly kubeconfigs: Readonly<Record<PlaygroundRole, string>>;
  /** Path of the configuration of each server. */
  readonly configs: Readonly<Record<PlaygroundPartName, string>>;
  /** Where visitors arrive, such as `http://127.0.0.1:20080`. */
  readonly edgeHttp: string;
};

const settingsSchema = z.strictObject({
  version: z.literal(1),
  ports: z.strictObject({ control: z.int(), http: z.int(), tunnel: z.int() }),
  tokens: z.strictObject({ admin: z.string(), agent: z.string(), operator: z.string(), edge: z.string() }),
  probeToken: z.string(),
});
type Settings = z.infer<typeof settingsSchema>;

/** Name of the edge in its certificate; it is verified, never resolved. */
const edgeServerName = 'edge.playground.sallyport.internal';
const controlNames = [loopback, 'localhost', 'kubernetes.default.svc'];
const namespace = 'default';
/** SECURITY: 256 bits, not to be guessed. */
const tokenBytes = 32;
/** How long servers of a playground that was killed get to free their ports. */
const defaultPortsFreeWithinMs = 5000;
const portPollMs = 50;

/** The kubeconfig of the agent's role in the playground's `directory`. */
export function agentKubeconfigPath(directory: string): string {
  return join(directory, 'kubeconfig-agent.yaml');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseSettings(text: string | null): Settings | null {
  if (text === null) return null;
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch {
    // Tokens and ports are all there is in it, and both can be made anew.
    return null;
  }
}

const newToken = (): string => randomBytes(tokenBytes).toString('base64url');

async function freeWithin(port: number, withinMs: number, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs;
  while (!(await isPortFree(port))) {
    if (clock.monotonic() >= deadline) return false;
    await sleep(clock, portPollMs);
  }
  return true;
}

/** The ports of last time where nobody else has taken them, else new ones. */
async function settlePorts(
  known: Settings['ports'] | null,
  withinMs: number,
  clock: Clock,
  random: () => number,
): Promise<Settings['ports']> {
  const taken: number[] = [];
  const settle = async (port: number | undefined): Promise<number> => {
    const chosen =
      port !== undefined && (await freeWithin(port, withinMs, clock)) ? port : await chooseFreePort(taken, random);
    taken.push(chosen);
    return chosen;
  };
  return {
    control: await settle(known?.control),
    http: await settle(known?.http),
    tunnel: await settle(known?.tunnel),
  };
}

async function readPair(directory: string, name: string): Promise<CertificateFiles | null> {
  const [cert, key] = await Promise.all([
    readIfThere(join(directory, `${name}.pem`)),
    readIfThere(join(directory, `${name}-key.pem`)),
  ]);
  return cert === null || key === null ? null : { cert, key };
}

async function writePair(directory: string, name: string, pair: CertificateFiles): Promise<void> {
  await writePrivateFile(join(directory, `${name}-key.pem`), pair.key);
  await writePrivateFile(join(directory, `${name}.pem`), pair.cert);
}

function isFresh(pair: CertificateFiles | null, nowMs: number): pair is CertificateFiles {
  if (pair === null) return false;
  try {
    return expiresAtMs(pair.cert) - nowMs > renewBeforeMs;
  } catch {
    return false;
  }
}

/** The authority's certificate; servers' certificates are renewed with it or when they are about to expire. */
async function settleCertificates(directory: string, nowMs: number): Promise<string> {
  let authority = await readPair(directory, 'ca');
  const renewAll = !isFresh(authority, nowMs);
  if (!isFresh(authority, nowMs)) {
    authority = await createAuthority(nowMs);
    await writePair(directory, 'ca', authority);
  }
  for (const [name, names] of [
    ['control', controlNames],
    ['edge', [edgeServerName]],
  ] as const) {
    if (!renewAll && isFresh(await readPair(directory, name), nowMs)) continue;
    await writePair(directory, name, await issueServerCertificate(authority, names, nowMs));
  }
  return authority.cert;
}

function kubeconfig(server: string, ca: string, role: PlaygroundRole, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'playground',
        cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') },
      },
    ],
    users: [{ name: role, user: { token } }],
    contexts: [{ name: 'playground', context: { cluster: 'playground', user: role, namespace } }],
    'current-context': 'playground',
  });
}

/** Makes everything the playground's servers need in `directory`. Rejects if the disk refuses. */
export async function preparePlaygroundFiles(options: {
  readonly directory: string;
  /** The CRDs that the control plane serves. */
  readonly crdsDirectory: string;
  readonly portsFreeWithinMs?: number;
  readonly clock: Clock;
  readonly random: () => number;
}): Promise<PlaygroundFiles> {
  const { directory, clock, random } = options;
  const file = (name: string): string => join(directory, name);
  await makePrivateDirectory(directory);
  const known = parseSettings(await readIfThere(file('settings.json')));
  const settings: Settings = {
    version: 1,
    ports: await settlePorts(
      known?.ports ?? null,
      options.portsFreeWithinMs ?? defaultPortsFreeWithinMs,
      clock,
      random,
    ),
    tokens: known?.tokens ?? { admin: newToken(), agent: newToken(), operator: newToken(), edge: newToken() },
    probeToken: known?.probeToken ?? newToken(),
  };
  await writePrivateFile(file('settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
  await writePrivateFile(file('probe-token'), settings.probeToken);
  const ca = await settleCertificates(directory, clock.now());

  const server = `https://${loopback}:${settings.ports.control}`;
  const kubeconfigs = {
    admin: file('kubeconfig.yaml'),
    agent: agentKubeconfigPath(directory),
    operator: file('kubeconfig-operator.yaml'),
    edge: file('kubeconfig-edge.yaml'),
  };
  for (const role of playgroundRoles) {
    await writePrivateFile(kubeconfigs[role], kubeconfig(server, ca, role, settings.tokens[role]));
  }

  const configs = { control: file('control.yaml'), operator: file('operator.yaml'), edge: file('edge.yaml') };
  const tokens = playgroundRoles.map((role) => ({ token: settings.tokens[role], user: role, role }));
  await writePrivateFile(file('tokens.json'), `${JSON.stringify(tokens, null, 2)}\n`);
  await writePrivateFile(
    configs.control,
    stringify({
      host: loopback,
      port: settings.ports.control,
      dataDir: file('control-data'),
      crdsDir: options.crdsDirectory,
      certFile: file('control.pem'),
      keyFile: file('control-key.pem'),
      tokensFile: file('tokens.json'),
    }),
  );
  await writePrivateFile(
    configs.operator,
    stringify({
      kubeconfig: kubeconfigs.operator,
      probeTokenFile: file('probe-token'),
      // There is one at a time, and what was killed must not be waited for.
      leaderElection: { identity: 'playground' },
    }),
  );
  await writePrivateFile(
    configs.edge,
    stringify({
      name: 'playground',
      namespace,
      kubeconfig: kubeconfigs.edge,
      domain: 'localhost',
      http: { host: loopback, port: settings.ports.http },
      tunnel: {
        host: loopback,
        port: settings.ports.tunnel,
        address: loopback,
        serverName: edgeServerName,
        certFile: file('edge.pem'),
        keyFile: file('edge-key.pem'),
        caFile: file('ca.pem'),
      },
      probeTokenFile: file('probe-token'),
    }),
  );
  return { kubeconfigs, configs, edgeHttp: `http://${loopback}:${settings.ports.http}` };
}
