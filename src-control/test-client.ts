/**
 * A bare HTTPS client for tests of the control plane, without the comforts and the opinions of a Kubernetes client.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';

import type { Role } from './authorization/rules.ts';
import type { TestControlPlane } from './test-control-plane.ts';

export type Reply = {
  readonly status: number;
  // Tests look into bodies of every shape; a type for each would say nothing.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: IncomingMessage['headers'];
};

type SendOptions = {
  readonly body?: unknown;
  readonly type?: string;
  readonly as?: Role;
  readonly headers?: Readonly<Record<string, string>>;
};

// oxlint-disable-next-line typescript/no-explicit-any
type WatchLine = { readonly type: string; readonly object: any };

export type TestWatch = {
  readonly lines: readonly WatchLine[];
  /** Whether the stream has ended, in order or not. */
  readonly ended: boolean;
  /** Stops taking what the server sends. */
  pause(): void;
  resume(): void;
  close(): void;
};

export type TestClient = {
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
  watch(path: string, options?: SendOptions): Promise<TestWatch>;
  close(): void;
};

export function createTestClient(controlPlane: Pick<TestControlPlane, 'server' | 'cert' | 'token'>): TestClient {
  const agent = new Agent({ ca: controlPlane.cert, keepAlive: true });

  const open = (method: string, path: string, options: SendOptions): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const payload = typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
      const outgoing = httpsRequest(`${controlPlane.server}${path}`, {
        agent,
        method,
        headers: {
          Authorization: `Bearer ${controlPlane.token(options.as ?? 'admin')}`,
          ...(payload === undefined
            ? {}
            : { 'Content-Type': options.type ?? 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
          ...options.headers,
        },
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end(payload);
    });

  return {
    send: async (method, path, options = {}) => {
      const response = await open(method, path, options);
      const content = await contentOf(response);
      const isJson = response.headers['content-type'] === 'application/json';
      return {
        status: response.statusCode ?? 0,
        body: isJson ? JSON.parse(content) : content,
        headers: response.headers,
      };
    },
    watch: async (path, options = {}) => {
      const response = await open('GET', path, options);
      const lines: WatchLine[] = [];
      let rest = '';
      let ended = false;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts.map((line) => JSON.parse(line) as WatchLine));
      });
      response.on('close', () => (ended = true));
      response.on('error', () => (ended = true));
      return {
        lines,
        get ended() {
          return ended;
        },
        pause: () => response.pause(),
        resume: () => response.resume(),
        close: () => response.destroy(),
      };
    },
    close: () => agent.destroy(),
  };
}

async function contentOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
