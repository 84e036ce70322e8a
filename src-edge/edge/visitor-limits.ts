/**
 * What one visitor may hold at a time, so that one address cannot take the edge from all others. Generous: a page with a
 * thousand open WebSockets, or an office behind one address, is no attack.
 */
import type { Socket } from 'node:net';

import { addressBlock } from '#tunnel/edge/address-block.ts';

export type VisitorLimits = {
  /** Counts a connection until it closes; false if its visitor has too many. */
  readonly admitConnection: (socket: Socket) => boolean;
  /**
   * Counts a request on `socket` until the function it returns is called or the socket closes; null if its visitor has
   * too many in flight.
   */
  readonly admitRequest: (socket: Socket) => (() => void) | null;
};

/** Connections for each request in flight: browsers keep idle ones. */
const connectionsForEach = 2;

/** `requestsPerVisitor` is for each IPv4 address, or each /64 of IPv6. */
export function createVisitorLimits(requestsPerVisitor: number): VisitorLimits {
  const connections = createShares(requestsPerVisitor * connectionsForEach);
  const requests = createShares(requestsPerVisitor);
  /** Pipelined requests whose turn never came have no end of their own. */
  const inFlight = new WeakMap<Socket, Set<() => void>>();

  const requestsOf = (socket: Socket): Set<() => void> => {
    const known = inFlight.get(socket);
    if (known !== undefined) return known;
    const own = new Set<() => void>();
    inFlight.set(socket, own);
    socket.once('close', () => {
      for (const end of own) end();
    });
    return own;
  };

  return {
    admitConnection: (socket) => {
      const end = connections(addressBlock(socket.remoteAddress));
      if (end !== null) socket.once('close', end);
      return end !== null;
    },
    admitRequest: (socket) => {
      const giveBack = requests(addressBlock(socket.remoteAddress));
      if (giveBack === null) return null;
      const own = requestsOf(socket);
      const end = (): void => {
        if (own.delete(end)) giveBack();
      };
      own.add(end);
      return end;
    },
  };
}

/** Takes one of `size` places of a party and returns what gives it back; null if there is none. */
function createShares(size: number): (party: string) => (() => void) | null {
  const taken = new Map<string, number>();
  return (party) => {
    const count = taken.get(party) ?? 0;
    if (count >= size) return null;
    taken.set(party, count + 1);
    return () => {
      const left = (taken.get(party) ?? 1) - 1;
      if (left === 0) taken.delete(party);
      else taken.set(party, left);
    };
  };
}
