/**
 * A whole platform in one process for tests: control plane, edge, operator, and agents with a real tunnel engine.
 * Not part of the product.
 */
import { generateKeyPairSync } from 'node:crypto';
import net from 'node:net';

import { KubeConfig } from '@kubernetes/client-node';

import { systemClock, type Clock } from '#base/clock.ts';
import { silentLogger } from '#base/logger.ts';
import { Secret } from '#base/secret.ts';
import type { EngineReport } from '#contract/engine.ts';
import type { Connector, HTTPProxy } from '#contract/resources/generated.ts';
import { kinds } from '#contract/resources/kinds.ts';
import { createTestCertificate, startTestControlPlane, type TestControlPlane } from '#control/test-control-plane.ts';
import { createKubeClient, KubeError, type KubeClient } from '#kube/client.ts';
import { renewLease } from '#kube/lease.ts';
import { createEngine } from '#tunnel/agent/engine.ts';

import { startEdge, type Edge, type EdgeOptions } from './edge/edge.ts';
import { startOperator } from './operator/operator.ts';
import { advertisementOf, proxyOf } from './test-resources.ts';

export const testProbeToken = 'a-probe-token-for-tests-only';
const namespace = 'default';

/** A line that can be cut. */
export type Relay = { readonly port: number; cut(): void; mend(): void; close(): Promise<void> };

async function startRelay(targetPort: number): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  let isCut = false;
  const server = net.createServer((near) => {
    const far = net.connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    if (isCut) near.destroy();
    else near.pipe(far).pipe(near);
  });
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    cut,
    mend: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

export type TestKey = { readonly privateKey: string; readonly id: string };

export function createTestKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    id: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
  };
}

export type TestAgent = {
  readonly connector: Connector;
  readonly key: TestKey;
  report(): EngineReport;
  /** Publishes 127.0.0.1:port under `name`. */
  expose(name: string, port: number): Promise<void>;
  advertise(name: string, port: number): Promise<void>;
  withdraw(name: string): Promise<void>;
  renew(): Promise<void>;
  /** Ends the tunnel and dials again. */
  reconnect(): void;
  /** Connects to `edge` and no longer to the one before. */
  dial(edge: Edge): void;
  /** Ends the engine; resources stay. */
  stop(): void;
};

export type TestPlatform = {
  readonly controlPlane: TestControlPlane;
  /** The connection between edges and control plane. */
  readonly edgesLine: Relay;
  readonly admin: KubeClient;
  readonly edge: Edge;
  startAgent(
    name: string,
    options?: { readonly key?: TestKey; readonly claimedUid?: string; readonly renewed?: boolean },
  ): Promise<TestAgent>;
  startEdge(options?: Partial<EdgeOptions>): Promise<Edge>;
  proxy(name: string): Promise<HTTPProxy>;
  condition(kind: 'connector' | 'httpProxy', name: string, type: string): Promise<string>;
  close(): Promise<void>;
};

/** What a control plane with concurrent writers asks of each of them: a conflict is answered by trying again. */
async function persistently<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 409) || attempt === 20) throw error;
    }
  }
}

/** `operatorClock` is for tests that cannot wait as long as an operator does. */
export async function startTestPlatform(
  options: { readonly operatorClock?: Clock; readonly edge?: Partial<EdgeOptions> } = {},
): Promise<TestPlatform> {
  const operatorClock = options.operatorClock ?? systemClock;
  const controlPlane = await startTestControlPlane();
  const surroundings = { clock: systemClock, random: Math.random, log: silentLogger };
  const probeToken = new Secret(testProbeToken);
  const client = (role: 'admin' | 'agent' | 'operator' | 'edge', server = controlPlane.server): KubeClient => {
    const config = new KubeConfig();
    config.loadFromString(controlPlane.kubeconfig(role).replace(controlPlane.server, server));
    return createKubeClient(config);
  };
  const edgesLine = await startRelay(Number(new URL(controlPlane.server).port));
  const { cert, key } = await createTestCertificate();
  const edges: Edge[] = [];
  const startOneEdge = async (options: Partial<EdgeOptions> = {}): Promise<Edge> => {
    const edge = await startEdge({
      ...surroundings,
      kube: client('edge', `https://127.0.0.1:${edgesLine.port}`),
      name: 'edge-1',
      namespace,
      domain: 'localhost',
      http: { host: '127.0.0.1', port: 0, requestsPerVisitor: 1500 },
      tunnel: { host: '127.0.0.1', port: 0, address: '127.0.0.1', serverName: 'localhost', cert, key, ca: cert },
      probeToken,
      drainMs: 1000,
      ...options,
    });
    edges.push(edge);
    await edge.synced();
    return edge;
  };
  const edge = await startOneEdge(options.edge);
  const operator = await startOperator({
    ...surroundings,
    clock: operatorClock,
    kube: client('operator'),
    probeToken,
    election: { namespace, identity: 'operator-1' },
  });
  const admin = client('admin');
  const agent = client('agent');
  const agents: TestAgent[] = [];

  const startAgent: TestPlatform['startAgent'] = async (name, options = {}) => {
    const identity = options.key ?? createTestKey();
    const connectors = agent.resource(kinds.connector);
    const connector = await connectors.create({
      apiVersion: 'networking.datumapis.com/v1alpha1',
      kind: 'Connector',
      metadata: { name, namespace },
      spec: { connectorClassName: 'sallyport' },
    });
    await connectors.patchStatus(
      { namespace, name },
      { status: { connectionDetails: { type: 'PublicKey', publicKey: { id: identity.id } } } },
    );
    const engine = createEngine({
      ...surroundings,
      privateKey: new Secret(identity.privateKey),
      agentVersion: 'test',
      onReport: () => {},
      onTraffic: () => {},
    });
    const services = new Map<string, number>();
    let version = 0;
    let dialled = edge;
    const self = { namespace, name, uid: options.claimedUid ?? connector.metadata.uid ?? '' };
    const apply = (as: typeof self | null = self): void => {
      version += 1;
      engine.apply({
        version,
        connector: as,
        edges: [
          {
            name: `edge-${dialled.tunnel.port}`,
            host: '127.0.0.1',
            port: dialled.tunnel.port,
            serverName: 'localhost',
            caBundle: cert,
          },
        ],
        allow: [...services.values()].map((port) => ({ host: '127.0.0.1', port, protocol: 'TCP' })),
      });
    };
    apply();
    const advertisements = agent.resource(kinds.connectorAdvertisement);
    const started: TestAgent = {
      connector,
      key: identity,
      report: () => engine.report(),
      advertise: async (service, port) => {
        services.set(service, port);
        apply();
        await advertisements.create(advertisementOf(service, name, port));
      },
      expose: async (service, port) => {
        await started.advertise(service, port);
        await agent.resource(kinds.httpProxy).create(proxyOf(service, name, `http://127.0.0.1:${port}`));
      },
      withdraw: (service) => advertisements.delete({ namespace, name: service }),
      renew: async () => {
        const leases = agent.resource(kinds.lease);
        const renewal = { leases, key: { namespace, name }, holderIdentity: name, clock: systemClock };
        for (;;) if ((await persistently(() => renewLease(renewal))).outcome !== 'missing') return;
      },
      reconnect: () => {
        apply(null);
        apply();
      },
      dial: (other) => {
        dialled = other;
        apply();
      },
      stop: () => engine.close(),
    };
    agents.push(started);
    if (options.renewed !== false) await started.renew();
    return started;
  };

  return {
    controlPlane,
    edgesLine,
    admin,
    edge,
    startAgent,
    startEdge: startOneEdge,
    proxy: async (name) => {
      const proxy = await admin.resource(kinds.httpProxy).get({ namespace, name });
      if (proxy === null) throw new Error(`there is no proxy ${name}`);
      return proxy;
    },
    condition: async (kind, name, type) => {
      const key = { namespace, name };
      const object =
        kind === 'connector'
          ? await admin.resource(kinds.connector).get(key)
          : await admin.resource(kinds.httpProxy).get(key);
      const found = object?.status?.conditions?.find((condition) => condition.type === type);
      if (found === undefined) return 'absent';
      const current = found.observedGeneration === object?.metadata.generation ? '' : ' (stale)';
      return `${found.status} ${found.reason}: ${found.message}${current}`;
    },
    close: async () => {
      for (const each of agents) each.stop();
      await operator.close();
      await Promise.all(edges.map((each) => each.close()));
      await edgesLine.close();
      await controlPlane.close();
    },
  };
}
