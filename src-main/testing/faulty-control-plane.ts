/**
 * A control plane in front of a real one that can be away, slow, busy or broken, as those of others are.
 */
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { createTestCertificate, type TestControlPlane } from '#control/test-control-plane.ts';

/** well: it works. silent: it accepts and never answers. A number: every answer has this status. */
export type Behaviour = 'well' | 'silent' | 429 | 500 | 503;

export type FaultyControlPlane = {
  /** A kubeconfig as YAML for the agent's role. */
  readonly kubeconfig: string;
  /** From now on; connections that are open are broken off. */
  behave(behaviour: Behaviour): void;
  close(): void;
};

export async function startFaultyControlPlane(behind: TestControlPlane): Promise<FaultyControlPlane> {
  const { cert, key } = await createTestCertificate();
  const sockets = new Set<Duplex>();
  let behaviour: Behaviour = 'well';
  const server: Server = createServer({ cert, key, minVersion: 'TLSv1.3' }, (incoming, outgoing) => {
    if (behaviour === 'silent') return;
    if (behaviour !== 'well') {
      outgoing.writeHead(behaviour, { 'retry-after': '1', 'content-type': 'text/plain' }).end('not now');
      return;
    }
    const { method, headers } = incoming;
    const upstream = request(`${behind.server}${incoming.url ?? '/'}`, {
      method,
      headers: { ...headers, host: new URL(behind.server).host },
      ca: behind.cert,
      agent: false,
    });
    upstream.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  const breakOff = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ca = Buffer.from(cert).toString('base64');
  return {
    kubeconfig: JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token: behind.token('agent') } }],
      contexts: [{ name: 'agent', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
      'current-context': 'agent',
    }),
    behave: (next) => {
      behaviour = next;
      breakOff();
    },
    close: () => {
      breakOff();
      server.close();
    },
  };
}
