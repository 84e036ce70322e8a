/**
 * Kubeconfig files: what contexts they have, and one of them ready for use.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KubeConfig } from '@kubernetes/client-node';

import { AgentError } from '#contract/errors/agent-error.ts';
import type { KubeconfigContext } from '#contract/ipc/contract.ts';

export type LoadedKubeconfig = {
  readonly path: string;
  readonly contexts: readonly KubeconfigContext[];
  readonly currentContext: string | null;
  /** The configuration with `context` chosen. Throws SP_KUBECONFIG_CONTEXT_UNKNOWN. */
  use(context: string): KubeConfig;
};

const unreadable = (reason: string, cause?: unknown): AgentError =>
  new AgentError('SP_KUBECONFIG_UNREADABLE', { reason }, { cause });

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as { code?: string }).code;
    throw unreadable(code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${code}).`, error);
  }
}

function parse(path: string, text: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    throw unreadable(`${path} is not a kubeconfig: ${(error as Error).message.split('\n', 1)[0]}.`, error);
  }
  if (config.contexts.length === 0) throw unreadable(`${path} has no contexts.`);
  return config;
}

/** Reads a kubeconfig. Throws SP_KUBECONFIG_UNREADABLE. */
export async function readKubeconfig(path: string): Promise<LoadedKubeconfig> {
  const text = await read(path);
  const config = parse(path, text);
  const serverOf = (cluster: string): string => config.getCluster(cluster)?.server ?? '';
  const contexts = config.contexts.map(({ name, cluster, namespace }) => ({
    name,
    server: serverOf(cluster),
    namespace: namespace ?? 'default',
  }));
  return {
    path,
    contexts,
    currentContext: contexts.some(({ name }) => name === config.currentContext) ? config.currentContext : null,
    use: (context) => {
      const known = contexts.find(({ name }) => name === context);
      if (known === undefined) {
        throw new AgentError('SP_KUBECONFIG_CONTEXT_UNKNOWN', {
          context,
          contexts: contexts.map(({ name }) => name).join(', '),
        });
      }
      if (known.server === '') throw unreadable(`The context ${context} of ${path} names no cluster.`);
      const chosen = parse(path, text);
      chosen.setCurrentContext(context);
      return chosen;
    },
  };
}

/** Where kubectl would look: the first file of KUBECONFIG, else `~/.kube/config`. */
export function defaultKubeconfigPath(
  environment: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  const separator = process.platform === 'win32' ? ';' : ':';
  const first = environment['KUBECONFIG']?.split(separator).find((path) => path !== '');
  return first ?? join(homeDirectory, '.kube', 'config');
}
