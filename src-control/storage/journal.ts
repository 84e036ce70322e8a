/**
 * The store on disk: a snapshot, and a log of every change since. Knows nothing of what the objects mean.
 *
 *   snapshot   header {format, revision}, then one record an object
 *   log        header {format, after}, then one record a change; `after` is the revision of the snapshot it follows
 *
 * Both are replaced by atomic renames, snapshot first: a log that still holds changes the snapshot knows is harmless,
 * they are skipped. What fails its check is left out, the damaged file is kept beside it and the log tells where.
 */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Logger } from '#base/logger.ts';
import type { ObjectKey, StoredObject } from '../resources/stored-object.ts';
import { decodeRecords, encodeRecord, openAppendFile, replaceFile, type AppendFile } from './record-file.ts';

/** One change. `object` is the new state, null for a deletion. */
export type Change = {
  readonly revision: number;
  readonly type: string;
  readonly key: ObjectKey;
  readonly object: StoredObject | null;
};

/** An object of a snapshot. */
export type Entry = { readonly type: string; readonly key: ObjectKey; readonly object: StoredObject };

/** What was found on disk: the objects at `revision`, and the changes after it in order. */
type Recovered = {
  readonly revision: number;
  readonly entries: readonly Entry[];
  readonly changes: readonly Change[];
  /**
   * Numbers that damaged records may have used: the next revision lies beyond. 0 without damage. Otherwise the files are
   * still damaged, and `compact` must follow to replace them.
   */
  readonly lostRevisions: number;
};

export type Journal = {
  readonly recovered: Recovered;
  /** Resolves once the changes are on disk. */
  append(changes: readonly Change[]): Promise<void>;
  /** True when the log has outgrown its worth and `compact` should be called. */
  readonly wantsCompaction: boolean;
  compact(revision: number, entries: Iterable<Entry>): Promise<void>;
  close(): Promise<void>;
};

const format = 1;

type File = { readonly header: Record<string, unknown>; readonly body: readonly unknown[]; readonly keepBytes: number };
type Damage = { bytes: number };

export type JournalOptions = {
  readonly directory: string;
  readonly now: () => number;
  readonly log: Logger;
  /** Size of the log, in bytes, from which it is folded into the snapshot. */
  readonly compactAtBytes: number;
};

/** Opens the journal in `directory` and reads it. Throws where a newer version of the program wrote it. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const snapshotPath = join(directory, 'snapshot');
  const logPath = join(directory, 'log');
  const damage: Damage = { bytes: 0 };
  const snapshot = await read(snapshotPath, options, damage);
  const log = await read(logPath, options, damage);
  const recovered = combine(snapshot, log, damage, options.log);

  let compactAt = options.compactAtBytes;
  let file =
    log === undefined ? await restart(logPath, recovered.revision) : await openAppendFile(logPath, log.keepBytes);
  return {
    recovered,
    append: (changes) => file.append(changes.map(encodeRecord).join('')),
    get wantsCompaction() {
      return file.size > compactAt;
    },
    compact: async (revision, entries) => {
      const { size } = file;
      // A failure, such as a full disk, is not tried again with every write.
      compactAt = size + options.compactAtBytes;
      await replaceFile(snapshotPath, snapshotLines(revision, entries));
      // Windows does not rename over an open file.
      await file.close();
      try {
        file = await restart(logPath, revision);
        compactAt = options.compactAtBytes;
      } catch (error) {
        file = await openAppendFile(logPath, size);
        throw error;
      }
    },
    close: () => file.close(),
  };
}

function* snapshotLines(revision: number, entries: Iterable<Entry>): Generator<string> {
  yield encodeRecord({ format, revision });
  for (const entry of entries) yield encodeRecord(entry);
}

/** Puts an empty log in place that follows the snapshot at revision `after`. */
async function restart(path: string, after: number): Promise<AppendFile> {
  const header = encodeRecord({ format, after });
  await replaceFile(path, [header]);
  return openAppendFile(path, Buffer.byteLength(header));
}

async function read(path: string, options: JournalOptions, damage: Damage): Promise<File | undefined> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (content === undefined) return undefined;
  const { records, finishedBytes, tornBytes, damagedBytes, firstDamage } = decodeRecords(content);
  if (tornBytes > 0) options.log.warn('dropped an unfinished record', { file: path, bytes: tornBytes });
  const headerDamaged = firstDamage === 0 || records.length === 0;
  if (damagedBytes > 0 || headerDamaged) {
    const backup = `${path}.corrupt-${options.now()}`;
    await copyFile(path, backup);
    options.log.error('a file of the store is damaged', { file: path, bytes: damagedBytes, keptAs: backup });
    damage.bytes += Math.max(1, damagedBytes);
  }
  if (headerDamaged) return { header: {}, body: records, keepBytes: finishedBytes };
  const [header, ...body] = records;
  const fields = Object(header) as Record<string, unknown>;
  if (fields['format'] !== format) throw new Error(`${path} has format ${String(fields['format'])}, not ${format}`);
  return { header: fields, body, keepBytes: finishedBytes };
}

function combine(snapshot: File | undefined, log: File | undefined, damage: Damage, logger: Logger): Recovered {
  const after = Number(log?.header['after'] ?? 0);
  const entries = (snapshot?.body ?? []) as readonly Entry[];
  const newest = entries.reduce((most, { object }) => Math.max(most, Number(object.metadata['resourceVersion'])), 0);
  const revision = Number(snapshot?.header['revision'] ?? Math.max(after, newest));
  if (after > Number(snapshot?.header['revision'] ?? 0)) {
    logger.error('the snapshot that the log follows is missing', { after, revision });
  }
  const changes = ((log?.body ?? []) as readonly Change[]).filter((change) => change.revision > revision);
  return { revision, entries, changes, lostRevisions: damage.bytes };
}
