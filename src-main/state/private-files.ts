/**
 * Files and folders that only their owner may read, written so that a crash leaves the old or the new content.
 */
import { mkdir } from 'node:fs/promises';

import writeFileAtomic from 'write-file-atomic';

/** SECURITY: key, tokens and kubeconfigs live below; nobody else on the machine may enter. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Replaces `path` as a whole: temporary file, fsync, rename. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  // SECURITY: readable by the owner only from the first byte on.
  await writeFileAtomic(path, content, { mode: 0o600 });
}
