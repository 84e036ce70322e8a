/**
 * Kubeconfig files: what contexts they have, and one of them ready for use.
 *
 * `@kubernetes/client-node` (1.4.0) reads them, but takes relative paths as relative to the working directory, ignores
 * kubectl's `tokenFile`, and meets what is not a kubeconfig with a TypeError; the three are put right here.
 */
import { open } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';

import { KubeConfig } from '@kubernetes/client-node';
import { parse as parseYaml } from 'yaml';

import { AgentError } from '#contract/errors/agent-error.ts';
import type { KubeconfigContext } from '#contract/ipc/contract.ts';

export type LoadedKubeconfig = {
  readonly path: string;
  readonly contexts: readonly KubeconfigContext[];
  /** null if none is set, or one that does not exist. */
  readonly currentContext: string | null;
  /**
   * The configuration with `context` chosen. Throws SP_KUBECONFIG_CONTEXT_UNKNOWN, and SP_KUBECONFIG_UNREADABLE if its
   * server could not be talked to safely.
   */
  use(context: string): KubeConfig;
};

/** A kubeconfig with hundreds of clusters stays far below; a disk image chosen by mistake does not. */
const maxFileBytes = 4 << 20;

const unreadable = (reason: string, cause?: unknown): AgentError =>
  new AgentError('SP_KUBECONFIG_UNREADABLE', { reason }, { cause });

/** Reads a kubeconfig. Throws SP_KUBECONFIG_UNREADABLE. */
export async function readKubeconfig(path: string): Promise<LoadedKubeconfig> {
  const text = await read(path);
  const config = parse(path, text);
  const contexts = config.contexts.map(({ name, cluster, namespace }) => ({
    name,
    server: config.getCluster(cluster)?.server ?? '',
    namespace: namespace ?? 'default',
  }));
  return {
    path,
    contexts,
    currentContext: contexts.some(({ name }) => name === config.currentContext) ? config.currentContext : null,
    use: (context) => {
      if (!contexts.some(({ name }) => name === context)) {
        throw new AgentError('SP_KUBECONFIG_CONTEXT_UNKNOWN', {
          context,
          contexts: contexts.map(({ name }) => name).join(', '),
        });
      }
      // Parsed anew, so that two contexts of one file can be in use at once.
      const chosen = parse(path, text);
      chosen.setCurrentContext(context);
      expectSafeServer(path, context, chosen);
      return chosen;
    },
  };
}

/** Where kubectl would look: the first file of KUBECONFIG, else `~/.kube/config`. */
export function defaultKubeconfigPath(
  environment: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  const first = environment['KUBECONFIG']?.split(delimiter).find((path) => path !== '');
  return first ?? join(homeDirectory, '.kube', 'config');
}

async function read(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw unreadable(`${path} is not a file.`);
      if (stat.size > maxFileBytes) throw unreadable(`${path} is too large for a kubeconfig.`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AgentError) throw error;
    const { code = 'unknown error' } = error as { readonly code?: string };
    throw unreadable(code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code}).`, error);
  }
}

function parse(path: string, text: string): KubeConfig {
  const config = new KubeConfig();
  let tokenFiles: ReadonlyMap<string, string>;
  try {
    tokenFiles = tokenFilesOf(parseYaml(text));
    config.loadFromString(text);
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    // SECURITY: without the cause; a parser quotes the lines around the fault, and the token may stand there.
    throw unreadable(`${path} is not a kubeconfig: ${reason.replace(/[.:]$/, '')}.`);
  }
  if (config.contexts.length === 0) throw unreadable(`${path} has no contexts.`);
  const directory = dirname(resolve(path));
  config.makePathsAbsolute(directory);
  config.users = config.users.map((user) => {
    const tokenFile = tokenFiles.get(user.name);
    if (tokenFile === undefined || user.token !== undefined) return user;
    // Read again each minute, as tokens mounted into a pod are renewed there.
    return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(directory, tokenFile) } } };
  });
  return config;
}

/** `tokenFile` of each user that has one. Throws where the document is no kubeconfig at all. */
function tokenFilesOf(document: unknown): ReadonlyMap<string, string> {
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  if (!isObject) throw new Error('it does not consist of named values');
  const { users } = document as { readonly users?: unknown };
  const found = new Map<string, string>();
  for (const entry of Array.isArray(users) ? (users as readonly unknown[]) : []) {
    const { name, user } = (entry ?? {}) as { readonly name?: unknown; readonly user?: unknown };
    const { tokenFile } = (user ?? {}) as { readonly tokenFile?: unknown };
    if (typeof name === 'string' && typeof tokenFile === 'string') found.set(name, tokenFile);
  }
  return found;
}

function expectSafeServer(path: string, context: string, config: KubeConfig): void {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unreadable(`The context ${context} of ${path} names no cluster.`);
  // SECURITY: a token sent over plain text or to an unverified server is everyone's token.
  if (!cluster.server.startsWith('https://')) throw unreadable(`${cluster.server} in ${path} is not an https address.`);
  if (cluster.skipTLSVerify) {
    throw unreadable(`${path} turns the verification of ${cluster.server} off (insecure-skip-tls-verify).`);
  }
}
