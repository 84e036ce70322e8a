/**
 * Where agents dial in: TLS 1.3, our ALPN, the registration, and then a session for the router.
 *
 * Whatever is not admitted in time is cut; nothing is asked of a peer, and nothing of it believed, before that.
 */
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';

import { sleep, type Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { controlAuthority, registrationPath, tunnelAlpn, type Verdict } from '#contract/wire/registration.ts';

import { limits } from '../limits.ts';
import { admitAgent, type VerifiedClaim } from '../registration/edge-side.ts';
import { channelBinding } from '../registration/proof.ts';
import { requestOverHttp2 } from '../transport/h2.ts';
import { watchLiveness } from '../transport/liveness.ts';
import { createTunnelSession, type TunnelSession } from './session.ts';
import { createWaitingRoom } from './waiting-room.ts';

export type { VerifiedClaim } from '../registration/edge-side.ts';
export type { TunnelSession } from './session.ts';

export type TunnelListenerOptions = {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM certificate chain and its key. */
  readonly cert: string;
  readonly key: string;
  /** Name of this edge, told to agents. */
  readonly edge: string;
  /** Decides on a proven claim. `signal` aborts when the registration has run out of time. */
  readonly admit: (claim: VerifiedClaim, signal: AbortSignal) => Promise<Verdict>;
  /** Called once the agent was told that it is admitted. */
  readonly onSession: (session: TunnelSession) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** For tests: how long a peer has until it is admitted, in milliseconds. */
  readonly registrationMs?: number;
};

export type TunnelListener = {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new connection, drains every session and ends what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/** Resolves once it listens; rejects if the address cannot be used or the certificate does not fit its key. */
export async function createTunnelListener(options: TunnelListenerOptions): Promise<TunnelListener> {
  const { clock, log } = options;
  const registrationMs = options.registrationMs ?? limits.registrationMs;
  const unadmitted = createWaitingRoom(limits.unadmittedConnections);
  const sessions = new Set<TunnelSession>();
  let closing = false;

  const establish = async (socket: TLSSocket): Promise<void> => {
    const remoteAddress = socket.remoteAddress ?? '';
    const binding = channelBinding(socket);
    const http2 = requestOverHttp2(socket);
    const expiry = new AbortController();
    const cancelExpiry = clock.after(registrationMs, () => {
      expiry.abort();
      socket.destroy();
    });
    http2.once('close', () => {
      cancelExpiry();
      expiry.abort();
    });
    http2.on('error', (error) => log.debug('tunnel session error', { remoteAddress, error }));

    const stream = http2.request({ ':method': 'POST', ':authority': controlAuthority, ':path': registrationPath });
    stream.on('error', () => {});
    const outcome = await admitAgent({
      stream,
      channelBinding: binding,
      edge: options.edge,
      admit: options.admit,
      signal: expiry.signal,
      onAdmitError: (error) => log.warn('admission could not be decided', { remoteAddress, error }),
    });
    if (outcome.kind !== 'admitted' || http2.destroyed || closing) {
      log.info('tunnel connection not admitted', {
        remoteAddress,
        outcome: outcome.kind === 'refused' ? outcome.code : outcome.kind,
      });
      await sleep(clock, outcome.kind === 'refused' ? limits.farewellMs : 0, expiry.signal);
      socket.destroy();
      return;
    }
    unadmitted.leave(socket);
    cancelExpiry();

    const { claim } = outcome;
    const session = createTunnelSession({
      http2,
      id: outcome.connectionId,
      connector: { namespace: claim.namespace, name: claim.name, uid: claim.uid },
      publicKey: claim.publicKey,
      remoteAddress,
      clock,
      socket,
      control: stream,
      sendDrain: outcome.sendDrain,
    });
    const cancelLiveness = watchLiveness({
      session: http2,
      clock,
      intervalMs: limits.pingMs,
      missedPings: limits.missedPings,
      onRtt: () => {},
      onDead: () => {
        log.info('tunnel connection is dead', { connectionId: session.id });
        session.close();
      },
    });
    sessions.add(session);
    session.onClose(() => {
      cancelLiveness();
      sessions.delete(session);
      log.info('tunnel connection ended', { connectionId: session.id });
    });
    log.info('tunnel connection admitted', {
      connectionId: session.id,
      remoteAddress,
      namespace: claim.namespace,
      connector: claim.name,
      agentVersion: claim.agentVersion,
    });
    options.onSession(session);
  };

  const server = tls.createServer({
    cert: options.cert,
    key: options.key,
    // SECURITY: no older TLS, so that the channel binding means what RFC 9266 says.
    minVersion: 'TLSv1.3',
    ALPNProtocols: [tunnelAlpn.h2],
    handshakeTimeout: limits.connectMs,
  });
  server.maxConnections = limits.sessions + limits.unadmittedConnections;
  server.on('connection', (socket) => {
    // SECURITY: strangers are bounded in number and each in time; the admitted are not theirs to crowd out.
    if (!unadmitted.enter(socket)) socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    log.debug('TLS handshake failed', { remoteAddress: socket.remoteAddress, code: (error as { code?: string }).code });
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    unadmitted.replace(socket);
    // SECURITY: another protocol on this port would confuse the reversed roles.
    if (socket.alpnProtocol !== tunnelAlpn.h2 || closing) {
      socket.destroy();
      return;
    }
    establish(socket).catch((error: unknown) => {
      log.warn('tunnel connection failed', { error });
      socket.destroy();
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log.error('tunnel listener error', { error }));
  const { address, port } = server.address() as AddressInfo;

  return {
    address: { host: address, port },
    close: async (graceMs) => {
      if (closing) return;
      closing = true;
      const gone = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      unadmitted.clear();
      for (const session of sessions) session.drain();
      const cancel = clock.after(graceMs, () => {
        for (const session of sessions) session.close();
      });
      await gone;
      cancel();
    },
  };
}
