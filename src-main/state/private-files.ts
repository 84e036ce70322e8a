/**
 * Files and folders that only their owner may read, written so that a crash leaves the old or the new content.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { AgentError } from '#contract/errors/agent-error.ts';

/** What a person can do something about, by error code of the system. */
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota of this account is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'this account may not write there',
  EPERM: 'this account may not write there',
};

/** Whether the disk refused, as opposed to a fault of ours. */
export function isRefusedByDisk(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && Object.hasOwn(reasons, code);
}

/** SP_STATE_NOT_SAVED for an error of the file system. */
export function notSaved(path: string, error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  const { code = '', message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  return new AgentError('SP_STATE_NOT_SAVED', { reason: `${path}: ${reasons[code] ?? message}.` }, { cause: error });
}

/** Throws SP_STATE_NOT_SAVED. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    // SECURITY: key, tokens and kubeconfigs live below; nobody else on the machine may enter.
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notSaved(path, error);
  }
}

/** Makes a rename in `directory` survive a power cut, where the system lets folders be synced. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const temporarySuffix = '.tmp';

/** Removes what a process that was killed while it wrote `path` has left beside it. */
export async function removeTemporaryFiles(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  const left = names.filter((name) => name.startsWith(prefix) && name.endsWith(temporarySuffix));
  await Promise.all(left.map((name) => rm(join(dirname(path), name), { force: true }).catch(() => {})));
}

/** Replaces `path` as a whole: temporary file beside it, fsync, rename. Throws SP_STATE_NOT_SAVED. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}${temporarySuffix}`;
  try {
    // SECURITY: readable by the owner only from the first byte on, and never through a link somebody put there.
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content, 'utf8');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw notSaved(path, error);
  }
}
