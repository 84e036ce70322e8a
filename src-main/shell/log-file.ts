/**
 * Writes log lines into a file that is put aside when it has grown, so that two of them are all there ever is.
 */
import { appendFile, rename, stat } from 'node:fs/promises';

import type { LogSink } from '#base/logger.ts';

const maxBytes = 5_000_000;
/** Lines that wait for the disk; beyond this the disk does not keep up, and lines are dropped rather than memory lost. */
const maxWaiting = 10_000;

export type LogFile = {
  readonly sink: LogSink;
  /** Resolves once everything written so far is on disk, or could not be. */
  flush(): Promise<void>;
};

export function openLogFile(path: string): LogFile {
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let bytes: number | null = null;

  const writeWaiting = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const text = `${waiting.join('\n')}\n`;
    waiting = [];
    try {
      bytes ??= await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      if (bytes > maxBytes) {
        await rename(path, `${path}.1`);
        bytes = 0;
      }
      // SECURITY: host names and paths of this person; nobody else reads them.
      await appendFile(path, text, { mode: 0o600 });
      bytes += Buffer.byteLength(text);
    } catch {
      // A full disk must not take the app down with it.
    }
  };

  return {
    sink: (line) => {
      if (waiting.length >= maxWaiting) return;
      waiting.push(line);
      writing = writing.then(writeWaiting);
    },
    flush: () => writing,
  };
}
