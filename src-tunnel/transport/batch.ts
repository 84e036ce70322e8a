/**
 * Writes what arrives within one turn of the event loop together.
 *
 * A tunnel's TLS record holds 16 KiB and rarely ends where an HTTP/2 frame does, so one read of the socket becomes many
 * small chunks, each in a tick of its own; written one by one they cost a system call each.
 */
import type { Readable } from 'node:stream';
import type { Socket } from 'node:net';

/** To be called before `source` is piped to whatever ends in the socket. `socketOf` gives null while there is none. */
export function batchWrites(source: Readable, socketOf: () => Socket | null | undefined): void {
  let corked: Socket | null = null;
  const uncork = (): void => {
    corked?.uncork();
    corked = null;
  };
  source.on('data', () => {
    if (corked !== null) return;
    corked = socketOf() ?? null;
    if (corked === null) return;
    corked.cork();
    setImmediate(uncork);
  });
}
