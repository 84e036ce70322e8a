/**
 * What an admitted edge may ask of this agent, and which part serves it. Every backend passes the allow list here.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

import type { Logger } from '#base/logger.ts';
import { probeMark } from '#contract/wire/probe-mark.ts';
import { controlAuthority, tunnelHealthPath } from '#contract/wire/registration.ts';

import { abortStream } from '../transport/h2.ts';
import { parseAuthority, type HostPort } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { serveTcp } from './connect-tcp.ts';
import { createCounters } from './counters.ts';
import { badRequest, failureOf, notAllowed, respondFailure } from './failure.ts';
import { serveHttp } from './http-origin.ts';
import { isGrpc, serveOverHttp2 } from './http2-origin.ts';
import type { OpenStreams } from './open-streams.ts';
import type { Origins } from './tunnel-request.ts';
import { serveWebSocket } from './websocket-origin.ts';

export type ServeOptions = {
  /** The allow list of now: asked anew for each request. */
  readonly allowList: () => AllowList;
  /** Holds every stream that was admitted to a backend. */
  readonly openStreams: OpenStreams;
  readonly origins: Origins;
  readonly log: Logger;
};

/** Serves one stream of an admitted session. Never throws. */
export type Serve = (
  stream: ServerHttp2Stream,
  fields: IncomingHttpHeaders,
  flags: number,
  raw: readonly string[],
) => void;

const defaultPorts = { http: 80, https: 443 } as const;

export function createServe({ allowList, openStreams, origins: visitorOrigins, log }: ServeOptions): Serve {
  /** For what the platform asks by itself: a person who looks at the traffic wants to see visitors. */
  const probeOrigins: Origins = { ...visitorOrigins, counters: createCounters() };

  const giveUp = (stream: ServerHttp2Stream, error: unknown): void => {
    log.error('request could not be served', { error });
    respondFailure(stream, failureOf(error));
    if (!stream.closed) abortStream(stream);
  };

  const route: Serve = (stream, fields, flags, raw) => {
    const authority = fields[':authority'] ?? '';
    if (authority === controlAuthority) {
      serveAgentItself(stream, fields);
      return;
    }
    const protocol = fields[':protocol'];
    const plainConnect = fields[':method'] === 'CONNECT' && protocol === undefined;
    const scheme = plainConnect ? null : schemeOf(fields);
    const target = parseAuthority(authority, scheme === null ? null : defaultPorts[scheme]);
    if (target === null || (scheme === null && !plainConnect)) {
      respondFailure(stream, badRequest);
      return;
    }
    // SECURITY: the one gate to this machine and its network; nothing below dials a target that did not pass.
    if (!allowList().admits(target)) {
      log.info('target not allowed', { target: formatTarget(target) });
      respondFailure(stream, notAllowed);
      return;
    }
    openStreams.add(stream, target);
    const isProbe = fields[probeMark] !== undefined;
    const origins = isProbe ? probeOrigins : visitorOrigins;
    stream.once('close', origins.counters.begin());
    if (scheme === null) {
      serveTcp(stream, target, origins).catch((error: unknown) => giveUp(stream, error));
      return;
    }
    const withBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
    const request = { stream, fields, raw: isProbe ? withoutMark(raw) : raw, withBody, scheme, target };
    if (isGrpc(fields)) serveOverHttp2(request, origins);
    else if (fields[':method'] !== 'CONNECT') serveHttp(request, origins);
    else if (protocol === 'websocket') {
      serveWebSocket(request, origins).catch((error: unknown) => giveUp(stream, error));
    } else respondFailure(stream, badRequest);
  };

  return (stream, fields, flags, raw) => {
    // Ends are judged by reset codes on 'close'; without a listener an 'error' would end the process.
    stream.on('error', () => {});
    try {
      route(stream, fields, flags, raw);
    } catch (error) {
      giveUp(stream, error);
    }
  };
}

/** Names and values without the mark, which is nothing to a backend. */
function withoutMark(raw: readonly string[]): readonly string[] {
  return raw.filter((_text, index) => raw[index - (index % 2)] !== probeMark);
}

function schemeOf(fields: IncomingHttpHeaders): 'http' | 'https' | null {
  const scheme = fields[':scheme'];
  return scheme === 'http' || scheme === 'https' ? scheme : null;
}

function serveAgentItself(stream: ServerHttp2Stream, fields: IncomingHttpHeaders): void {
  const healthy = fields[':path'] === tunnelHealthPath && fields[':method'] === 'GET';
  stream.respond({ ':status': healthy ? 204 : 404 }, { endStream: true });
  stream.resume();
}

function formatTarget({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
