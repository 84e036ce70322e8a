/**
 * Opens a TCP (or TLS) connection to one of several checked addresses: in order, each with a short head start.
 */
import { connect, isIP, type Socket } from 'node:net';
import tls from 'node:tls';

import type { Cancel, Clock } from '#base/clock.ts';

import { limits } from '../limits.ts';
import type { HostPort } from './address.ts';
import { addressesOf, type Lookup } from './allow-list.ts';

export type Dialler = {
  /** Resolves, checks and dials, all within one time limit. Rejects with NotAllowed, a system error, or a DialTimeout. */
  tcp(target: HostPort, options?: { readonly allowHalfOpen?: boolean }): Promise<Socket>;
  /** The same, then TLS with the system's trusted roots and the target's name. */
  tls(target: HostPort, protocol?: 'http/1.1' | 'h2'): Promise<Socket>;
};

/** Nothing answered within the time limit. */
export class DialTimeout extends Error {
  override readonly name = 'DialTimeout';
}

export function createDialler(options: { readonly clock: Clock; readonly lookup: Lookup }): Dialler {
  const { clock, lookup } = options;
  const open = async ({ host, port }: HostPort, allowHalfOpen: boolean, deadline: number): Promise<Socket> =>
    race(await bounded(addressesOf(host, lookup), clock, deadline), port, allowHalfOpen, clock, deadline);
  const newDeadline = (): number => clock.monotonic() + limits.dialMs;
  return {
    tcp: (target, { allowHalfOpen = false } = {}) => open(target, allowHalfOpen, newDeadline()),
    tls: async (target, protocol = 'http/1.1') => {
      const deadline = newDeadline();
      const socket = await open(target, false, deadline);
      return secure(socket, { host: target.host, protocol, clock, deadline });
    },
  };
}

/** `work`, or DialTimeout at `deadline`: the system's resolver may take far longer than anybody waits. */
function bounded<T>(work: Promise<T>, clock: Clock, deadline: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadline - clock.monotonic(), () => reject(new DialTimeout()));
    work.finally(cancel).then(resolve, reject);
  });
}

function race(
  addresses: readonly string[],
  port: number,
  allowHalfOpen: boolean,
  clock: Clock,
  deadline: number,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const attempts = new Set<Socket>();
    let next = 0;
    let firstError: unknown = null;
    let cancelStagger: Cancel = () => {};

    const settle = (): void => {
      cancelLimit();
      cancelStagger();
      for (const socket of attempts) socket.destroy();
    };
    const cancelLimit = clock.after(deadline - clock.monotonic(), () => {
      settle();
      reject(new DialTimeout());
    });
    const start = (): void => {
      cancelStagger();
      const host = addresses[next];
      if (host === undefined) return;
      next += 1;
      const socket = connect({ host, port, allowHalfOpen, noDelay: true });
      attempts.add(socket);
      if (next < addresses.length) cancelStagger = clock.after(limits.dialStaggerMs, start);
      const onError = (error: Error): void => {
        attempts.delete(socket);
        firstError ??= error;
        if (next < addresses.length) start();
        else if (attempts.size === 0) {
          settle();
          reject(firstError);
        }
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        attempts.delete(socket);
        socket.off('error', onError);
        settle();
        resolve(socket);
      });
    };
    start();
  });
}

type Securing = {
  readonly host: string;
  readonly protocol: 'http/1.1' | 'h2';
  readonly clock: Clock;
  readonly deadline: number;
};

function secure(socket: Socket, { host, protocol, clock, deadline }: Securing): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const secured = tls.connect({
      socket,
      // RFC 6066 §3: an address is no server name; its certificate is checked against the address all the same.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_name, certificate) => tls.checkServerIdentity(host, certificate),
      ALPNProtocols: [protocol],
    });
    const cancel = clock.after(deadline - clock.monotonic(), () => {
      secured.destroy();
      reject(new DialTimeout());
    });
    const onError = (error: Error): void => {
      cancel();
      reject(error);
    };
    secured.once('error', onError);
    secured.once('secureConnect', () => {
      cancel();
      secured.off('error', onError);
      resolve(secured);
    });
  });
}
