/**
 * HTTP/2 connections to backends: one for each, opened by our dialler only, so that nothing is dialled that was not
 * checked, and closed when nobody uses it.
 */
import http2, { type ClientHttp2Session } from 'node:http2';

import { limits } from '../limits.ts';
import type { HostPort } from './address.ts';
import type { Dialler } from './dial.ts';

export type Http2Pool = {
  /** A session that takes requests. Rejects if the backend cannot be dialled. */
  session(scheme: 'http' | 'https', target: HostPort): Promise<ClientHttp2Session>;
  /** Why a session broke; null if it did not, or did without a word. */
  failureOf(session: ClientHttp2Session): Error | null;
};

export function createHttp2Pool(dialler: Dialler): Http2Pool {
  const sessions = new Map<string, Promise<ClientHttp2Session>>();
  const failures = new WeakMap<ClientHttp2Session, Error>();

  const open = async (scheme: 'http' | 'https', target: HostPort, onGone: () => void): Promise<ClientHttp2Session> => {
    const socket = await (scheme === 'https' ? dialler.tls(target, 'h2') : dialler.tcp(target));
    const session = http2.connect(`${scheme}://backend.invalid`, {
      createConnection: () => socket,
      maxSessionMemory: limits.sessionMemoryMegabytes,
      maxHeaderListPairs: limits.headerFields,
      settings: {
        initialWindowSize: limits.streamWindowBytes,
        maxHeaderListSize: limits.headerBytes,
        enablePush: false,
      },
    });
    session.on('error', (error: Error) => failures.set(session, error));
    session.once('goaway', onGone);
    session.once('close', onGone);
    // After a while without any traffic. Streams that merely wait live on; new ones get another session.
    session.setTimeout(limits.pooledIdleMs, () => {
      session.close();
    });
    return session;
  };

  return {
    session: async (scheme, target) => {
      const key = `${scheme} ${target.host} ${target.port}`;
      const known = sessions.get(key);
      if (known !== undefined) {
        const session = await known;
        if (!session.closed && !session.destroyed) return session;
      }
      const forget = (): void => {
        if (sessions.get(key) === opening) sessions.delete(key);
      };
      const opening: Promise<ClientHttp2Session> = open(scheme, target, () => forget());
      sessions.set(key, opening);
      opening.catch(forget);
      return opening;
    },
    failureOf: (session) => failures.get(session) ?? null,
  };
}
