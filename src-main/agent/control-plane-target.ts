/**
 * Which control plane a choice of the person stands for: read from its kubeconfig each time, since that may change.
 */
import type { KubeConfig } from '@kubernetes/client-node';

import { AgentError } from '#contract/errors/agent-error.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';

import type { SavedControlPlane } from '../state/saved-state.ts';

export type ControlPlaneTarget = {
  /** Names the control plane in the saved state: the same for every way to the same one. */
  readonly key: string;
  readonly kubeConfig: KubeConfig;
  readonly namespace: string;
};

const playgroundKey = 'playground';
const playgroundContext = 'playground';

/**
 * Reads the kubeconfig of `chosen`; `playgroundKubeconfig` is the path of the playground's. Throws
 * SP_KUBECONFIG_UNREADABLE, SP_KUBECONFIG_CONTEXT_UNKNOWN, SP_CONTROL_PLANE_NOT_CHOSEN.
 */
export async function readTarget(chosen: SavedControlPlane, playgroundKubeconfig: string): Promise<ControlPlaneTarget> {
  if (chosen.kind === 'none') throw new AgentError('SP_CONTROL_PLANE_NOT_CHOSEN');
  const isPlayground = chosen.kind === 'playground';
  const kubeconfig = await readKubeconfig(isPlayground ? playgroundKubeconfig : chosen.path);
  const context = isPlayground ? playgroundContext : chosen.context;
  const kubeConfig = kubeconfig.use(context);
  const known = kubeconfig.contexts.find(({ name }) => name === context);
  const namespace = known?.namespace ?? 'default';
  // The playground may come back on another port and is the same one all the same.
  return { key: isPlayground ? playgroundKey : `${known?.server ?? ''} ${namespace}`, kubeConfig, namespace };
}
