/**
 * Opens a TLS session with a local port, to learn whether it speaks TLS and what its certificate is for.
 */
import type { Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import type { ProbeContext } from './conversation.ts';
import { shownText } from './identity.ts';

export type TlsSession = {
  readonly socket: TLSSocket;
  /** First name in the certificate; null without one. */
  readonly certificateName: string | null;
};

const handshakeTimeoutMs = 1000;

function nameIn(socket: TLSSocket): string | null {
  const { subject, subjectaltname } = socket.getPeerCertificate();
  const alternative = /(?:^|, )(?:DNS|IP Address):([^,]+)/.exec(subjectaltname ?? '')?.[1];
  const common = (subject as { readonly CN?: string | string[] } | undefined)?.CN;
  return shownText(alternative ?? (Array.isArray(common) ? (common[0] ?? '') : (common ?? '')));
}

/**
 * A session over `socket`. `refused`: the other side speaks TLS, and said so by an alert (RFC 8446 §6.2). Null if it does
 * not speak TLS. Without a session the socket is closed.
 */
export function askTls(socket: Socket, { clock }: ProbeContext): Promise<TlsSession | 'refused' | null> {
  return new Promise((resolve) => {
    const session = connect({
      socket,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      // Nothing of ours is sent but GET /, and development servers sign their own certificates: who it is does not
      // matter for what it is.
      rejectUnauthorized: false,
    });
    const settle = (found: TlsSession | 'refused' | null): void => {
      cancel();
      if (found === null || found === 'refused') {
        session.destroy();
        socket.destroy();
      }
      resolve(found);
    };
    const cancel = clock.after(handshakeTimeoutMs, () => settle(null));
    session.once('secureConnect', () => settle({ socket: session, certificateName: nameIn(session) }));
    session.on('error', ({ code = '' }: NodeJS.ErrnoException) => settle(code.includes('_ALERT_') ? 'refused' : null));
    session.once('close', () => settle(null));
  });
}
