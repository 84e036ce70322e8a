/**
 * Where a folder's local socket stands: a unix socket inside it, or elsewhere if its path would be too long.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { AgentError } from '#contract/errors/agent-error.ts';

export type EndpointLocation = {
  /** The private folder that the socket belongs to. */
  readonly directory: string;
  /** What the socket is for, such as `agent`. */
  readonly name: string;
  readonly platform: NodeJS.Platform;
  /** For sockets whose own folder has too long a path. */
  readonly temporaryDirectory: string;
  /** User id, -1 where there is none. */
  readonly uid: number;
};

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included. */
const maxSocketPathBytes = 103;

function digestOf({ directory, name }: EndpointLocation): string {
  return createHash('sha256').update(`${directory}\0${name}`).digest('hex').slice(0, 24);
}

/** The path of the socket or named pipe. Does not touch the disk. */
export function endpointPath(location: EndpointLocation): string {
  if (location.platform === 'win32') return `\\\\.\\pipe\\sallyport-${digestOf(location)}`;
  const inside = join(location.directory, `${location.name}.sock`);
  if (Buffer.byteLength(inside) <= maxSocketPathBytes) return inside;
  return join(location.temporaryDirectory, `sallyport-${location.uid}`, `${digestOf(location)}.sock`);
}

/** Makes the folder of `path` and checks that it is ours; `path` comes from `endpointPath`. */
export async function prepareEndpointDirectory(location: EndpointLocation): Promise<void> {
  if (location.platform === 'win32') return;
  const directory = join(endpointPath(location), '..');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  // SECURITY: below the shared temporary folder somebody else may have made the folder first, to listen in our place.
  if (!found.isDirectory() || (location.uid >= 0 && found.uid !== location.uid) || (found.mode & 0o022) !== 0) {
    throw new AgentError('SP_INTERNAL', { reason: `${directory} is not a private folder of this account.` });
  }
}
