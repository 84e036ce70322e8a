/**
 * One admitted tunnel connection as the edge's router sees it: a way to ask the agent, with a limit and an end.
 */
import type { ClientHttp2Session, ClientHttp2Stream, ClientSessionRequestOptions } from 'node:http2';
import type { OutgoingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import { controlAuthority, tunnelHealthPath } from '#contract/wire/registration.ts';

import { limits } from '../limits.ts';

export type TunnelSession = {
  /** The connection id of the verdict. */
  readonly id: string;
  readonly connector: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Ed25519 public key the agent proved, 64 hexadecimal digits. */
  readonly publicKey: string;
  readonly remoteAddress: string;
  readonly connectedAtMs: number;
  /** Requests in flight. */
  readonly openStreams: number;
  /** No new request may start; those in flight finish. */
  readonly draining: boolean;
  /**
   * Asks the agent. Without `:authority` the request is for the agent itself.
   * Throws TunnelUnavailable if it did not leave this process.
   */
  request(headers: OutgoingHttpHeaders, options?: ClientSessionRequestOptions): ClientHttp2Stream;
  /** Round-trip time in milliseconds. Rejects when the connection is gone. */
  ping(): Promise<number>;
  /** True if the agent answered its health path within `timeoutMs`. */
  answersHealth(timeoutMs: number): Promise<boolean>;
  /** Starts no new request, tells the agent, and ends the connection once the requests in flight are done. */
  drain(): void;
  /** Ends the connection at once; requests in flight break. */
  close(): void;
  /** Called once, at once if the session is closed already. Returns the function that takes the listener off again. */
  onClose(listener: () => void): () => void;
};

/** A request that certainly did not reach the agent, and why. */
export class TunnelUnavailable extends Error {
  override readonly name = 'TunnelUnavailable';
  readonly reason: 'closed' | 'limit';

  constructor(reason: 'closed' | 'limit', cause?: unknown) {
    super(`tunnel unavailable: ${reason}`, { cause });
    this.reason = reason;
  }
}

export function createTunnelSession(options: {
  readonly http2: ClientHttp2Session;
  readonly id: string;
  readonly connector: TunnelSession['connector'];
  readonly publicKey: string;
  readonly remoteAddress: string;
  readonly clock: Clock;
  readonly socket: TLSSocket;
  /** The registration stream. */
  readonly control: ClientHttp2Stream;
  /** `sent` is called once the agent is being told. */
  readonly sendDrain: (sent: () => void) => void;
}): TunnelSession {
  const { http2, socket, control, clock } = options;
  const closed = createListeners<void>();
  let openStreams = 0;
  let draining = false;
  let ended = false;

  // The socket and not the session is destroyed. A session that is destroyed ends its streams as if they were whole,
  // may wait for ever to flush to a peer that has gone, and in Node 20 can spin; one that loses its socket breaks them.
  const end = (): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    closed.emit();
  };
  const endWhenIdle = (): void => {
    if (!draining || openStreams > 0) return;
    control.close();
    http2.close();
    clock.after(limits.farewellMs, end);
  };
  http2.once('close', end);
  socket.once('close', end);
  // The registration stream is the connection's pulse: an agent that ends it has gone, or will once it is done.
  control.once('close', () => {
    draining = true;
    endWhenIdle();
  });
  http2.once('goaway', () => {
    draining = true;
    endWhenIdle();
  });

  const maxStreams = (): number =>
    Math.min(limits.streamsPerSession, (http2.remoteSettings.maxConcurrentStreams ?? limits.streamsPerSession) - 1);

  const request: TunnelSession['request'] = (headers, requestOptions) => {
    if (draining || ended || http2.closed || http2.destroyed) throw new TunnelUnavailable('closed');
    if (openStreams >= maxStreams()) throw new TunnelUnavailable('limit');
    let stream: ClientHttp2Stream;
    try {
      stream = http2.request({ ':authority': controlAuthority, ...headers }, requestOptions);
    } catch (error) {
      if (http2.closed || http2.destroyed) throw new TunnelUnavailable('closed', error);
      throw error;
    }
    openStreams += 1;
    stream.once('close', () => {
      openStreams -= 1;
      endWhenIdle();
    });
    return stream;
  };

  return {
    id: options.id,
    connector: options.connector,
    publicKey: options.publicKey,
    remoteAddress: options.remoteAddress,
    connectedAtMs: clock.now(),
    get openStreams() {
      return openStreams;
    },
    get draining() {
      return draining || ended || http2.closed || http2.destroyed;
    },
    request,
    ping: () =>
      new Promise((resolve, reject) => {
        if (http2.destroyed) {
          reject(new TunnelUnavailable('closed'));
          return;
        }
        const sent = http2.ping((error, durationMs) => {
          if (error === null) resolve(durationMs);
          else reject(error);
        });
        if (!sent) reject(new TunnelUnavailable('limit'));
      }),
    answersHealth: (timeoutMs) =>
      new Promise((resolve) => {
        let stream: ClientHttp2Stream;
        try {
          stream = request({ ':method': 'GET', ':path': tunnelHealthPath });
        } catch {
          resolve(false);
          return;
        }
        const cancel = clock.after(timeoutMs, () => stream.close());
        stream.on('error', () => {});
        stream.once('response', (headers) => resolve(headers[':status'] === 204));
        stream.once('close', () => {
          cancel();
          resolve(false);
        });
        stream.resume();
      }),
    drain: () => {
      if (draining || ended) return;
      draining = true;
      options.sendDrain(endWhenIdle);
    },
    close: end,
    onClose: (listener) => {
      if (ended) {
        listener();
        return () => {};
      }
      return closed.add(listener);
    },
  };
}
