/**
 * An HTTPS server that misbehaves as a test tells it to, and a relay that cuts and freezes connections.
 * Not part of the product.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SecureVersion } from 'node:tls';

import { KubeConfig } from '@kubernetes/client-node';

import { createTestCertificate } from '#control/test-control-plane.ts';

export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
};

export type Answer = (request: SeenRequest, response: ServerResponse) => void;

export type ScriptedApiServer = {
  readonly port: number;
  /** PEM of its own certificate, for 127.0.0.1 and localhost. */
  readonly cert: string;
  readonly requests: readonly SeenRequest[];
  /** Connections that clients have opened so far. */
  readonly accepted: number;
  /** Connections open right now. */
  readonly open: number;
  /** Called for each request from now on. */
  answer(answer: Answer): void;
  /** Resets all connections. */
  reset(): void;
  close(): Promise<void>;
};

export async function startScriptedApiServer(
  tls: { readonly minVersion?: SecureVersion; readonly maxVersion?: SecureVersion } = {},
): Promise<ScriptedApiServer> {
  const { cert, key } = await createTestCertificate();
  const requests: SeenRequest[] = [];
  let answer: Answer = (_request, response) => sendJson(response, 404, { reason: 'NotFound' });
  const server = createHttpsServer({ cert, key, ...tls }, (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'https://server');
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: incoming.headers,
    };
    requests.push(request);
    incoming.resume();
    response.on('error', () => {});
    answer(request, response);
  });
  const sockets = trackSockets(server);
  await listen(server);
  return {
    port: (server.address() as AddressInfo).port,
    cert,
    requests,
    get accepted() {
      return sockets.accepted;
    },
    get open() {
      return sockets.open.size;
    },
    answer: (next) => {
      answer = next;
    },
    reset: sockets.reset,
    close: () => closeAll(server, sockets.reset),
  };
}

/** Answers with `body` as JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Begins a watch and sends `lines`; the stream stays open. */
export function sendWatch(response: ServerResponse, ...lines: readonly unknown[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
}

/** A configuration for a server at `127.0.0.1:port` that trusts `ca` (PEM). */
export function kubeConfigFor(
  target: { readonly port: number; readonly cert: string },
  overrides: Readonly<Record<string, unknown>> = {},
): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'scripted',
      server: `https://127.0.0.1:${target.port}`,
      caData: Buffer.from(target.cert).toString('base64'),
      skipTLSVerify: false,
      ...overrides,
    },
    { name: 'tester', token: 'test-token' },
  );
  return kubeConfig;
}

/** Forwards bytes to a port on 127.0.0.1 until it is told to do worse. */
export type Relay = {
  readonly port: number;
  /** Resets all connections. */
  cut(): void;
  /** Refuses new connections as well, until `mend`. */
  block(): void;
  mend(): void;
  close(): Promise<void>;
};

export async function startRelay(targetPort: number): Promise<Relay> {
  let blocked = false;
  const server = createTcpServer((near) => {
    if (blocked) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port: targetPort });
    near.on('error', () => {}).on('close', () => far.destroy());
    far.on('error', () => {}).on('close', () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  const sockets = trackSockets(server);
  await listen(server);
  return {
    port: (server.address() as AddressInfo).port,
    cut: sockets.reset,
    block: () => {
      blocked = true;
      sockets.reset();
    },
    mend: () => {
      blocked = false;
    },
    close: () => closeAll(server, sockets.reset),
  };
}

function trackSockets(server: Server) {
  const open = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  });
  return {
    open,
    get accepted() {
      return accepted;
    },
    reset: (): void => {
      for (const socket of open) socket.resetAndDestroy();
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
}

function closeAll(server: Server, reset: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    reset();
  });
}
