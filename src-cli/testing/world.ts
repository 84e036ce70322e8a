/**
 * A profile with its service and its visitors, for tests that run the whole of Sallyport in real processes.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '#base/clock.ts';
import type { AgentState } from '#contract/agent-state.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createKubeClient } from '#kube/client.ts';
import { readKubeconfig } from '#kube/kubeconfig.ts';
import { attachToRunningAgent } from '#main/api/attached-agent.ts';

import { bundlePrograms } from '../../scripts/build/bundle.ts';
import { nodeEntries } from '../../scripts/build/node-entries.ts';
import { makeHome, type Home, type SallyportProcess } from './sallyport-process.ts';

/** What the service answers. */
export const body = 'Hello from the service';

export type Programs = {
  /** The command line's script. */
  readonly cli: string;
  remove(): Promise<void>;
};

/** Bundles the programs: they start four times as fast as the sources, and they are what people run. */
export async function bundleForTests(): Promise<Programs> {
  const dist = await mkdtemp(join(tmpdir(), 'sp-dist-'));
  const root = join(import.meta.dirname, '../..');
  const { cli, control, operator, edge, engine } = nodeEntries;
  await bundlePrograms(root, join(dist, 'node'), { cli, control, operator, edge, engine });
  await cp(join(root, 'crds'), join(dist, 'crds'), { recursive: true });
  return { cli: join(dist, 'node/cli.mjs'), remove: () => rm(dist, { recursive: true, force: true }) };
}

export type World = {
  readonly home: Home;
  readonly origin: Server;
  /** Port of the service. */
  readonly port: number;
  readonly serve: (...args: readonly string[]) => SallyportProcess;
  /** State of the agent that runs. Rejects while none does. */
  readonly state: () => Promise<AgentState>;
  /** Ends every process and removes everything. */
  remove(): Promise<void>;
};

/** A profile folder and a service of its own, so that tests can run side by side. */
export async function makeWorld(cli: string): Promise<World> {
  const home = await makeHome(cli);
  const origin = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const { port } = origin.address() as AddressInfo;
  return {
    home,
    origin,
    port,
    serve: (...args) => home.run('serve', String(port), '--json', ...args),
    state: async () => {
      const attached = await attachToRunningAgent(home.agentLocation, systemClock);
      if (attached === null) throw new Error('no agent runs');
      try {
        return await attached.handlers.calls['state.get']({}, { id: 'test', onGone: () => {} });
      } finally {
        attached.close();
      }
    },
    remove: async () => {
      await home.remove();
      origin.closeAllConnections();
      origin.close();
    },
  };
}

/** Visits `url` as a browser would, whose `*.localhost` is this machine. */
export function visit(url: string): Promise<{ status: number; body: string }> {
  const { host, port: edgePort, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: edgePort, path: pathname, headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Kind and name of what agents have published on the playground of `kubeconfig`. */
export async function published(kubeconfig: string): Promise<readonly string[]> {
  const client = createKubeClient((await readKubeconfig(kubeconfig)).use('playground'));
  try {
    const proxies = await client.resource(kinds.httpProxy).list();
    const advertisements = await client.resource(kinds.connectorAdvertisement).list();
    return [...proxies.items, ...advertisements.items].map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  } finally {
    client.close();
  }
}

export async function end(child: SallyportProcess): Promise<number | null> {
  child.signal('SIGINT');
  return child.exited;
}
