/**
 * Services behind a tunnel and visitors in front of it, for tests.
 */
import http, { type IncomingMessage, type RequestListener } from 'node:http';

import type { Certificate } from './certificates.ts';
import { listen, startTunnel, type Cleanup, type TunnelUnderTest } from './tunnel.ts';

/** An HTTP service that ends with the test. Resolves to its port. */
export async function startService(
  cleanup: Cleanup,
  handler: RequestListener,
  options: { readonly host?: string; readonly configure?: (server: http.Server) => void } = {},
): Promise<number> {
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, handler);
  options.configure?.(server);
  const port = await listen(server, options.host);
  cleanup.add(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

/** A service, and a tunnel to it. */
export async function tunnelToService(
  cleanup: Cleanup,
  certificate: Certificate,
  handler: RequestListener,
  configure: (server: http.Server) => void = () => {},
): Promise<TunnelUnderTest> {
  const port = await startService(cleanup, handler, { configure });
  return startTunnel(cleanup, certificate, { backend: `127.0.0.1:${port}` });
}

export type Answer = { readonly message: IncomingMessage; readonly body: Buffer };

/** A visitor's request on a connection of its own, and the whole answer to it. */
export function ask(port: number, options: http.RequestOptions = {}, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent: false, ...options }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', reject);
      message.on('end', () => resolve({ message, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
