/**
 * The agent's side of its API: what each call does, in terms of the agent's parts.
 */
import { AgentError } from '#contract/errors/agent-error.ts';
import type { AgentHandlers } from '#contract/ipc/contract.ts';
import { defaultKubeconfigPath, readKubeconfig } from '#kube/kubeconfig.ts';

import type { ServiceDiscovery } from '../discovery/discovery.ts';
import type { ServiceRegistry } from '../services/service-registry.ts';
import type { AgentStore } from '../state/agent-store.ts';
import type { SavedControlPlane } from '../state/saved-state.ts';
import type { ControlPlaneHost } from './control-plane-host.ts';
import { leaveFor, type LeftBehind } from './left-behind.ts';
import type { StatePublisher } from './state-publisher.ts';
import type { TrafficRecorder } from './traffic-recorder.ts';
import type { Withdrawal } from './withdrawal.ts';

export function createAgentHandlers(parts: {
  readonly host: ControlPlaneHost;
  readonly leftBehind: LeftBehind;
  readonly store: AgentStore;
  readonly services: ServiceRegistry;
  readonly discovery: ServiceDiscovery;
  readonly withdrawal: Withdrawal;
  readonly publisher: StatePublisher;
  readonly traffic: TrafficRecorder;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly newWebLink?: () => string | null;
}): AgentHandlers {
  const { host, leftBehind, store, services, discovery, withdrawal, publisher, traffic } = parts;

  const follow = async (chosen: SavedControlPlane): Promise<void> => {
    const names = services.list().map(({ name }) => name);
    await store.update((saved) => leaveFor(saved, chosen, names));
    await host.follow(chosen);
  };

  const remove = async (name: string, caller: string): Promise<void> => {
    if (host.chosen.kind === 'none') {
      // Nothing can be published without a control plane, so there is nothing to withdraw.
      if (await services.requestRemoval(name, caller)) await services.forget(name);
    } else if (!(await withdrawal.remove(name, caller))) {
      const reason = `“${name}” is withdrawn as soon as it answers.`;
      throw new AgentError('SP_CONTROL_PLANE_UNREACHABLE', { reason });
    }
  };

  return {
    calls: {
      'state.get': () => Promise.resolve(publisher.current()),
      'controlPlane.usePlayground': async () => {
        if (host.chosen.kind !== 'playground') await follow({ kind: 'playground' });
        else if (host.playground?.state.phase === 'faulted') host.retryNow();
        return null;
      },
      'controlPlane.listContexts': async (params) => {
        const file = params.path ?? defaultKubeconfigPath(parts.env, parts.homeDirectory);
        const { path, contexts, currentContext } = await readKubeconfig(file);
        return { path, contexts, currentContext };
      },
      'controlPlane.useKubeconfig': async ({ path, context }) => {
        // Refused now, with the reason, instead of remembered and tried for ever.
        (await readKubeconfig(path)).use(context);
        const { chosen } = host;
        const isUsed = chosen.kind === 'kubeconfig' && chosen.path === path && chosen.context === context;
        if (!isUsed) await follow({ kind: 'kubeconfig', path, context });
        return null;
      },
      'service.discover': (params) => discovery.discover(params),
      'service.expose': async ({ name, host: target, port, ephemeral }, caller) => {
        if (host.chosen.kind === 'none') throw new AgentError('SP_CONTROL_PLANE_NOT_CHOSEN');
        await services.expose({ name, host: target, port, ephemeral: ephemeral ?? false }, caller);
        return null;
      },
      'service.setEnabled': async ({ name, enabled }) => {
        await services.setEnabled(name, enabled);
        return null;
      },
      'service.delete': async ({ name }, caller) => {
        await remove(name, caller.id);
        return null;
      },
      'agent.retryNow': () => {
        host.retryNow();
        void leftBehind.attempt();
        return Promise.resolve(null);
      },
      'web.newLink': () => {
        const url = parts.newWebLink?.() ?? null;
        return url === null ? Promise.reject(new AgentError('SP_WEB_NOT_SERVED')) : Promise.resolve({ url });
      },
    },
    watches: {
      'state.watch': (listener) => publisher.watch(listener),
      'traffic.watch': (listener) => traffic.watch(listener),
    },
  };
}
