/**
 * HTTPS to one API server: one pool of kept-alive connections, TLS 1.3, the kubeconfig's credentials.
 *
 * `@kubernetes/client-node` supplies credentials, certificates and proxies. Its own calls open a new TLS connection each
 * time, and its watch hangs on a half-open one, so requests are made here.
 */
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';

import type { KubeConfig } from '@kubernetes/client-node';

import { errorOfAnswer, KubeError } from './kube-error.ts';

export type KubeRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query below the server's address. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
};

export type HttpTransport = {
  readonly server: string;
  /** The answer as JSON. Rejects with KubeError. */
  send<T>(request: KubeRequest): Promise<T>;
  /** The answer's body as it comes; the caller reads or destroys it. Rejects with KubeError. */
  stream(request: KubeRequest): Promise<IncomingMessage>;
};

/** Longest silence before a call counts as failed. A watch has its own bound. */
const answerTimeoutMs = 15_000;
/** Largest answer read into memory; a list of all our kinds stays far below. */
const maxAnswerBytes = 64 << 20;
const maxErrorBytes = 64 << 10;

async function readText(stream: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`The answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function noAnswer(thrown: unknown): KubeError {
  if (thrown instanceof KubeError) return thrown;
  const { message, code } = thrown as { message?: string; code?: string };
  return new KubeError(message ?? 'no answer', { status: 0, reason: code ?? 'NoAnswer' }, { cause: thrown });
}

/** A transport for the current context of `kubeConfig`. */
export function createHttpTransport(kubeConfig: KubeConfig): HttpTransport {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null)
    throw new KubeError('The kubeconfig has no current cluster', { status: 0, reason: 'NoCluster' });
  const base = new URL(cluster.server);
  const prefix = base.pathname.replace(/\/$/, '');
  // SECURITY: never plain text, never below TLS 1.3, whatever a kubeconfig says.
  if (base.protocol !== 'https:') {
    throw new KubeError(`${cluster.server} is not https`, { status: 0, reason: 'NotEncrypted' });
  }
  const minVersion = 'TLSv1.3';
  const pool = new Agent({ keepAlive: true, maxSockets: 16, keepAliveMsecs: 15_000, scheduling: 'lifo' });

  const optionsFor = async (): Promise<RequestOptions> => {
    // Asked for at each call: tokens of exec plugins and files expire and are renewed there.
    const options: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    return { ...options, minVersion, agent: cluster.proxyUrl === undefined ? pool : (options.agent ?? pool) };
  };

  const stream = async ({ method, path, body, contentType, signal }: KubeRequest): Promise<IncomingMessage> => {
    const options = await optionsFor().catch((error: unknown) => {
      throw new KubeError(
        `The kubeconfig’s credentials cannot be used: ${(error as Error).message}`,
        { status: 401, reason: 'CredentialsUnusable' },
        { cause: error },
      );
    });
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpsRequest(
        {
          ...options,
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port === '' ? 443 : base.port,
          method,
          path: prefix + path,
          timeout: answerTimeoutMs,
          headers: {
            ...(options.headers as Record<string, string> | undefined),
            accept: 'application/json',
            ...(payload === undefined
              ? {}
              : { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(payload) }),
          },
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      request.once('timeout', () =>
        request.destroy(new KubeError(`No answer within ${answerTimeoutMs} ms`, { status: 0, reason: 'TimedOut' })),
      );
      request.once('error', (error) => reject(noAnswer(error)));
      request.end(payload);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = await readText(response, maxErrorBytes).catch(() => '');
    throw errorOfAnswer(status, text, response.headers['retry-after']);
  };

  return {
    server: cluster.server,
    stream,
    send: async <T>(request: KubeRequest) => {
      const response = await stream(request);
      try {
        return JSON.parse(await readText(response, maxAnswerBytes)) as T;
      } catch (error) {
        throw noAnswer(error);
      }
    },
  };
}
