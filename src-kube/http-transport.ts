/**
 * HTTPS to one API server: kept-alive connections, TLS 1.3, the kubeconfig's credentials, and a bound on every call.
 *
 * `@kubernetes/client-node` supplies credentials, certificates and proxies (`applyToHTTPSOptions`). The requests are made
 * here, because its own calls build an agent, and so a TLS handshake, each, offer no place for `minVersion`, and its
 * `Watch` (1.4.0) has no time-out that works and drops lines that it cannot parse. Knows nothing of resources.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';

import { systemClock, type Clock } from '#base/clock.ts';
import { createCallBound } from './call-bound.ts';
import { errorOfAnswer, errorOfThrown, KubeError } from './kube-error.ts';

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
  /** The answer as JSON. Rejects with KubeError, at the latest when the time of a call is over. */
  send<T>(request: KubeRequest): Promise<T>;
  /**
   * Hands over the answer's body as it comes. Only the answer's head is bound in time; how long the body may take is up
   * to `signal`. Settles when `read` does, with the connection closed.
   */
  stream(request: KubeRequest, read: (body: IncomingMessage) => Promise<void>): Promise<void>;
  /** Ends everything under way, with KubeError, and all connections. */
  close(): void;
};

export type TransportOptions = {
  readonly clock?: Clock;
  /** Most a call may take from asking for credentials to the last byte of the answer. */
  readonly callTimeoutMs?: number;
};

const defaultCallTimeoutMs = 15_000;
/** Calls at once; more wait for a connection. Watches have connections of their own and are not counted. */
const maxCallConnections = 16;
/** Shorter than servers keep an idle connection (Node: 5 s), so that no call meets a connection that is just closing. */
const idleConnectionMs = 4000;
/** When TCP begins to probe a silent peer. */
const tcpKeepAliveMs = 15_000;
/** Largest answer read into memory; a list of all our kinds stays far below. */
const maxAnswerBytes = 64 << 20;
const maxErrorBytes = 64 << 10;

/** A transport for the current context of `kubeConfig`. Throws KubeError where its server cannot be used safely. */
export function createHttpTransport(kubeConfig: KubeConfig, options: TransportOptions = {}): HttpTransport {
  const { clock = systemClock, callTimeoutMs = defaultCallTimeoutMs } = options;
  const { server, base, viaProxy } = targetOf(kubeConfig);
  const calls = new Agent({
    keepAlive: true,
    keepAliveMsecs: tcpKeepAliveMs,
    maxSockets: maxCallConnections,
    timeout: idleConnectionMs,
    scheduling: 'lifo',
  });
  const streams = new Agent({ keepAlive: true, keepAliveMsecs: tcpKeepAliveMs, maxFreeSockets: 0 });
  const underWay = new Set<AbortController>();
  let closed = false;

  /** Asked for at each call: tokens of exec plugins and files expire, and are renewed there. */
  const credentialsFor = async (pool: Agent): Promise<RequestOptions> => {
    const credentials: RequestOptions = {};
    try {
      await kubeConfig.applyToHTTPSOptions(credentials);
    } catch (error) {
      throw new KubeError(
        `The kubeconfig’s credentials cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        { status: 401, reason: 'CredentialsUnusable' },
        { cause: error },
      );
    }
    return { ...credentials, agent: viaProxy ? (credentials.agent ?? pool) : pool };
  };

  const ask = async (request: KubeRequest, pool: Agent, signal: AbortSignal): Promise<IncomingMessage> => {
    const credentials = await abortable(credentialsFor(pool), signal);
    const payload = request.body === undefined ? undefined : JSON.stringify(request.body);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = httpsRequest(
        {
          ...credentials,
          // SECURITY: no kubeconfig and no environment variable turns these two off.
          minVersion: 'TLSv1.3',
          rejectUnauthorized: true,
          host: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port === '' ? 443 : base.port,
          method: request.method,
          path: base.pathname.replace(/\/$/, '') + request.path,
          headers: {
            ...(credentials.headers as Record<string, string> | undefined),
            accept: 'application/json',
            'user-agent': 'sallyport',
            ...(payload === undefined
              ? {}
              : {
                  'content-type': request.contentType ?? 'application/json',
                  'content-length': Buffer.byteLength(payload),
                }),
          },
          signal,
        },
        resolve,
      );
      // Not `once`: a second error, after the first one settled this, must not end the process.
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = await readText(response, maxErrorBytes).catch(() => '');
    throw errorOfAnswer(status, text, response.headers['retry-after']);
  };

  /** Runs `call` under one signal: the caller's, the time-out's and that of `close`. */
  const bounded = async <T>(
    outer: AbortSignal | undefined,
    call: (signal: AbortSignal, stopTimer: () => void) => Promise<T>,
  ): Promise<T> => {
    if (closed) throw new KubeError('The client is closed', { status: 0, reason: 'Closed' });
    const bound = createCallBound({ clock, timeoutMs: callTimeoutMs, outer });
    underWay.add(bound.controller);
    try {
      return await call(bound.controller.signal, bound.stopTimer);
    } catch (thrown) {
      throw errorOfThrown(thrown, bound.controller.signal);
    } finally {
      underWay.delete(bound.controller);
      bound.release();
    }
  };

  return {
    server,
    send: <T>(request: KubeRequest) =>
      bounded(request.signal, async (signal) => {
        const text = await readText(await ask(request, calls, signal), maxAnswerBytes);
        return (text === '' ? undefined : JSON.parse(text)) as T;
      }),
    stream: (request, read) =>
      bounded(request.signal, async (signal, stopTimer) => {
        const response = await ask(request, streams, signal);
        stopTimer();
        try {
          await read(response);
        } finally {
          response.destroy();
        }
      }),
    close: () => {
      closed = true;
      const error = new KubeError('The client was closed', { status: 0, reason: 'Closed' });
      for (const controller of underWay) controller.abort(error);
      calls.destroy();
      streams.destroy();
    },
  };
}

function targetOf(kubeConfig: KubeConfig): { readonly server: string; readonly base: URL; readonly viaProxy: boolean } {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) {
    throw new KubeError('The kubeconfig has no current cluster', { status: 0, reason: 'NoCluster' });
  }
  if (!URL.canParse(cluster.server)) {
    throw new KubeError(`${cluster.server} is not an address`, { status: 0, reason: 'NoCluster' });
  }
  const base = new URL(cluster.server);
  // SECURITY: never plain text; a token would be readable by everyone on the way.
  if (base.protocol !== 'https:') {
    throw new KubeError(`${cluster.server} is not https`, { status: 0, reason: 'NotEncrypted' });
  }
  // SECURITY: an unverified server could be anyone's.
  if (cluster.skipTLSVerify) {
    throw new KubeError(`The server ${cluster.server} would not be verified`, { status: 0, reason: 'NotVerified' });
  }
  const viaProxy = cluster.proxyUrl !== undefined && cluster.proxyUrl !== '';
  return { server: cluster.server, base, viaProxy };
}

/** `promise`, given up when `signal` aborts: an exec plugin may wait for a person, an identity provider for ever. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(errorOfThrown(signal.reason, signal));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function readText(stream: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new KubeError(`The answer is longer than ${maxBytes} bytes`, { status: 0, reason: 'TooLong' });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
