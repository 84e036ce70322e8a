/**
 * The connections that are not admitted yet: few in all, and shared out by where they come from, so that one stranger
 * cannot keep everybody else out.
 */
import type { Socket } from 'node:net';

import { addressBlock } from './address-block.ts';

export type WaitingRoom = {
  /**
   * Takes a connection in, until it closes or leaves. When there is no room, one of those who have most of it gives way;
   * false if that would be the newcomer's own party.
   */
  enter(socket: Socket): boolean;
  /** The TLS socket stands for the TCP socket below it from now on. */
  replace(socket: Socket): void;
  leave(socket: Socket): void;
  /** Ends all that wait. */
  clear(): void;
};

/** One and the same for a TCP socket and the TLS socket on top of it. */
function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? ''}`;
}

export function createWaitingRoom(places: number): WaitingRoom {
  /** By party, the oldest first. */
  const parties = new Map<string, Map<string, Socket>>();
  let taken = 0;

  const remove = (block: string, peer: string, socket: Socket): void => {
    const party = parties.get(block);
    if (party?.get(peer) !== socket) return;
    party.delete(peer);
    if (party.size === 0) parties.delete(block);
    taken -= 1;
  };
  const put = (socket: Socket): void => {
    const [block, peer] = [addressBlock(socket.remoteAddress), peerOf(socket)];
    const party = parties.get(block) ?? new Map<string, Socket>();
    if (!party.has(peer)) taken += 1;
    parties.set(block, party.set(peer, socket));
    socket.once('close', () => remove(block, peer, socket));
  };
  const largest = (): readonly [string, Map<string, Socket>] | undefined =>
    [...parties].reduce<readonly [string, Map<string, Socket>] | undefined>(
      (best, party) => (best === undefined || party[1].size > best[1].size ? party : best),
      undefined,
    );

  return {
    enter: (socket) => {
      if (taken >= places) {
        const own = parties.get(addressBlock(socket.remoteAddress))?.size ?? 0;
        const [block, party] = largest() ?? [];
        if (block === undefined || party === undefined || party.size <= own + 1) return false;
        const [[peer, oldest] = []] = party;
        if (peer === undefined || oldest === undefined) return false;
        remove(block, peer, oldest);
        oldest.destroy();
      }
      put(socket);
      return true;
    },
    replace: put,
    leave: (socket) => remove(addressBlock(socket.remoteAddress), peerOf(socket), socket),
    clear: () => {
      for (const party of parties.values()) for (const socket of party.values()) socket.destroy();
    },
  };
}
