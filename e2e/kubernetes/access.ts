/**
 * How the tests get into a control plane: a token, a client and a kubeconfig for each role.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { stringify } from 'yaml';

import { createApiClient, type ApiClient } from './api-client.ts';

/** Each role's user, and the group that `deploy/rbac/bindings.yaml` knows it by. */
export const groups = {
  admin: 'system:masters',
  agent: 'sallyport:agents',
  operator: 'sallyport:operators',
  edge: 'sallyport:edges',
} as const;
export type Role = keyof typeof groups;
export const roles = Object.keys(groups) as readonly Role[];

export type PerRole<T> = Readonly<Record<Role, T>>;

export type Access = {
  /** Path of each role's kubeconfig. */
  readonly kubeconfigs: PerRole<string>;
  readonly as: PerRole<ApiClient>;
};

const pollMs = 50;
const answersWithinMs = 60_000;

function forEachRole<T>(make: (role: Role) => T): PerRole<T> {
  return Object.fromEntries(roles.map((role) => [role, make(role)])) as unknown as PerRole<T>;
}

export function makeTokens(): PerRole<string> {
  return forEachRole(() => randomBytes(32).toString('base64url'));
}

/** Writes a file that only this user may read. */
export function writePrivate(path: string, content: string): Promise<void> {
  return writeFile(path, content, { mode: 0o600, flag: 'wx' });
}

/** Clients of `server`, whose certificate `ca` (PEM) signed; the kubeconfigs are written to `directory`. */
export async function openAccess(
  directory: string,
  { server, ca, tokens }: { readonly server: string; readonly ca: string; readonly tokens: PerRole<string> },
): Promise<Access> {
  const as = forEachRole((role) => createApiClient({ server, ca, token: tokens[role] }));
  const kubeconfigs = forEachRole((role) => join(directory, `kubeconfig-${role}.yaml`));
  for (const role of roles) await writePrivate(kubeconfigs[role], kubeconfig(server, ca, role, tokens[role]));
  return { as, kubeconfigs };
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

/** Waits until `path` can be read. */
export function answers(client: ApiClient, path: string): Promise<void> {
  return until(`${path} answers`, async () => (await client.call('GET', path)).status === 200);
}

/** Waits until `isSo` says yes; that it throws means no. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
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
