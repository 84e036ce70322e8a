/**
 * One attempt at a tunnel connection, from the TCP dial to its end. Knows nothing of retries.
 */
import type { KeyObject } from 'node:crypto';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import tls, { type TLSSocket } from 'node:tls';

import type { Cancel, Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { EdgeTarget } from '#contract/engine.ts';
import { AgentError } from '#contract/errors/agent-error.ts';
import { controlAuthority, registrationPath, tunnelAlpn } from '#contract/wire/registration.ts';

import { limits } from '../limits.ts';
import { registerAgent, type Identity } from '../registration/agent-side.ts';
import { channelBinding } from '../registration/proof.ts';
import { rstCodes, serveHttp2 } from '../transport/h2.ts';
import { watchLiveness } from '../transport/liveness.ts';
import type { Serve } from './serve.ts';

export type LinkOptions = {
  readonly edge: EdgeTarget;
  readonly connector: Identity;
  readonly privateKey: KeyObject;
  readonly agentVersion: string;
  readonly serve: Serve;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onSecured: () => void;
  readonly onAdmitted: (connectionId: string) => void;
  readonly onRtt: (rttMs: number) => void;
  readonly onEdgeDrains: () => void;
  /** Called once, last. The error is null after `drain` or `close`. */
  readonly onEnd: (error: AgentError | null) => void;
};

export type Link = {
  /** Takes no new request, ends once those in flight are done or `graceMs` is over. */
  drain(graceMs: number): void;
  /** Ends at once. */
  close(): void;
};

export function openLink(options: LinkOptions): Link {
  const { edge, clock } = options;
  let ended = false;
  let session: ServerHttp2Session | null = null;
  let control: ServerHttp2Stream | null = null;
  let draining = false;
  let requests = 0;
  const cancels: Cancel[] = [];

  const disconnected = (reason: string): AgentError =>
    new AgentError('SP_TUNNEL_DISCONNECTED', { edge: edge.name, reason });

  const end = (error: AgentError | null): void => {
    if (ended) return;
    ended = true;
    for (const cancel of cancels) cancel();
    // Not the session: see the edge's session for why.
    socket.destroy();
    options.onEnd(draining ? null : error);
  };
  const endWhenIdle = (): void => {
    if (!draining || requests > 0) return;
    if (control === null) {
      end(null);
      return;
    }
    // Nothing is in flight: with its last stream the session flushes what it has and ends by itself.
    control.close();
    cancels.push(clock.after(limits.farewellMs, () => end(null)));
  };

  const socket = tls.connect({
    host: edge.host,
    port: edge.port,
    // SECURITY: the edge is who the control plane's bundle says, never who any public authority says; an empty bundle
    // must not fall back to the system's roots, so it is passed as a list.
    ca: [edge.caBundle],
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(edge.serverName, certificate),
    // RFC 6066 §3: an address is no server name.
    ...(/^[\d.]+$|:/.test(edge.serverName) ? {} : { servername: edge.serverName }),
    minVersion: 'TLSv1.3',
    ALPNProtocols: [tunnelAlpn.h2],
  });
  cancels.push(
    clock.after(limits.connectMs, () => end(disconnected(`No answer within ${limits.connectMs / 1000} s.`))),
  );
  socket.on('error', (error: NodeJS.ErrnoException) => {
    // The certificate's fault is set beside the error, so nothing has to be read out of a message.
    end(isUntrusted(socket) ? untrusted(edge.name, error.code) : disconnected(reasonOf(error.code)));
  });
  socket.once('close', () => end(disconnected('The connection was closed.')));
  socket.once('secureConnect', () => {
    if (ended) return;
    for (const cancel of cancels.splice(0)) cancel();
    // SECURITY: an edge that does not speak this protocol must not be served HTTP by accident.
    if (socket.alpnProtocol !== tunnelAlpn.h2) {
      end(disconnected('The other side does not speak the tunnel protocol.'));
      return;
    }
    options.onSecured();
    startSession();
  });

  const startSession = (): void => {
    const binding = channelBinding(socket);
    const http2 = serveHttp2(socket);
    session = http2;
    let phase: 'awaiting' | 'registering' | 'admitted' = 'awaiting';
    cancels.push(
      clock.after(limits.registrationMs, () => {
        if (phase !== 'admitted') end(disconnected('The edge did not finish the registration in time.'));
      }),
    );
    http2.on('error', () => {});
    http2.once('close', () => end(disconnected('The connection was closed.')));

    http2.on('stream', (stream, fields, flags, ...rest: unknown[]) => {
      stream.on('error', () => {});
      if (phase === 'admitted') {
        requests += 1;
        stream.once('close', () => {
          requests -= 1;
          endWhenIdle();
        });
        // The event carries the raw fields as a fourth argument that the types do not mention.
        options.serve(stream, fields, flags, rest[0] as readonly string[]);
        return;
      }
      const isRegistration =
        phase === 'awaiting' &&
        fields[':method'] === 'POST' &&
        fields[':authority'] === controlAuthority &&
        fields[':path'] === registrationPath;
      // SECURITY: nothing but the registration is served before the verdict: only then is the edge known to want us,
      // and we to be who the edge takes us for. REFUSED_STREAM tells it that nothing was done.
      if (!isRegistration) {
        stream.close(rstCodes.refused);
        return;
      }
      phase = 'registering';
      control = stream;
      stream.once('close', () => {
        if (!draining) end(disconnected('The edge ended the registration.'));
      });
      void register(http2, stream, binding);
    });

    const register = async (http2: ServerHttp2Session, stream: ServerHttp2Stream, binding: string): Promise<void> => {
      const outcome = await registerAgent({
        stream,
        channelBinding: binding,
        connector: options.connector,
        privateKey: options.privateKey,
        agentVersion: options.agentVersion,
        onDrain: options.onEdgeDrains,
      });
      if (ended) return;
      if (outcome.kind === 'broken') {
        end(disconnected('The edge did not keep to the registration protocol.'));
      } else if (outcome.kind === 'refused') {
        const reason = `${outcome.code}: ${outcome.message}`;
        end(new AgentError('SP_TUNNEL_REFUSED', { edge: edge.name, reason }));
      } else {
        phase = 'admitted';
        options.onAdmitted(outcome.connectionId);
        cancels.push(
          watchLiveness({
            session: http2,
            clock,
            intervalMs: limits.pingMs,
            missedPings: limits.missedPings,
            onRtt: options.onRtt,
            onDead: () => end(disconnected('The edge does not answer any more.')),
          }),
        );
      }
    };
  };

  return {
    drain: (graceMs) => {
      if (ended || draining) return;
      draining = true;
      cancels.push(clock.after(graceMs, () => end(null)));
      // GOAWAY: what the edge had sent before is still served, what it sends after goes elsewhere.
      session?.close();
      endWhenIdle();
    },
    close: () => {
      draining = true;
      end(null);
    },
  };
}

function isUntrusted(socket: TLSSocket): boolean {
  const error: unknown = socket.authorizationError;
  return error !== null && error !== undefined;
}

function untrusted(edge: string, code: string | undefined): AgentError {
  const reason =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'Its certificate is for another name.'
      : code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
        ? 'By the clock of this machine its certificate is not valid now.'
        : 'Its certificate was not issued by the authority the control plane names.';
  return new AgentError('SP_TUNNEL_UNTRUSTED', { edge, reason });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at its address.',
  ECONNRESET: 'The connection was reset.',
  EHOSTUNREACH: 'There is no way to its address.',
  ENETUNREACH: 'There is no way to its address.',
  ENETDOWN: 'This machine has no network.',
  ENOTFOUND: 'Its name is not known.',
  EAI_AGAIN: 'Its name could not be looked up.',
  ETIMEDOUT: 'It does not answer.',
  EPIPE: 'The connection was closed.',
};

function reasonOf(code: string | undefined): string {
  return (code === undefined ? undefined : reasons[code]) ?? `The connection failed (${code ?? 'unknown reason'}).`;
}
