/**
 * Files of checked records: one line a record, `<crc32 in hex> <JSON>\n`. Tells a torn tail from damage.
 *
 * A tail without its newline is what a crash in the middle of an append leaves: it was never acknowledged and may go.
 * A finished line that fails its check is damage: what it said is lost and must be told.
 */
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** Readable by the owner only: objects may carry what others must not see. */
const fileMode = 0o600;

/** `value` as one line. */
export function encodeRecord(value: unknown): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

export type DecodedRecords = {
  readonly records: readonly unknown[];
  /** Bytes up to and including the last finished line. */
  readonly finishedBytes: number;
  /** Bytes after the last newline. */
  readonly tornBytes: number;
  /** Bytes of finished lines that failed their check. */
  readonly damagedBytes: number;
  /** Position in `records` before which the first damaged line stood; -1 without damage. */
  readonly firstDamage: number;
};

/** Reads all records that pass their check. */
export function decodeRecords(content: Buffer): DecodedRecords {
  const records: unknown[] = [];
  let damagedBytes = 0;
  let firstDamage = -1;
  let start = 0;
  for (let end = content.indexOf(0x0a); end !== -1; end = content.indexOf(0x0a, start)) {
    const record = decodeLine(content.toString('utf8', start, end));
    if (record === undefined) {
      if (firstDamage === -1) firstDamage = records.length;
      damagedBytes += end + 1 - start;
    } else {
      records.push(record.value);
    }
    start = end + 1;
  }
  return { records, finishedBytes: start, tornBytes: content.length - start, damagedBytes, firstDamage };
}

function decodeLine(line: string): { readonly value: unknown } | undefined {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(json)) return undefined;
  try {
    return { value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

/** Puts `lines` in place of the file at `path`: readers and crashes see the old file or the new one, never a mix. */
export async function replaceFile(path: string, lines: Iterable<string>): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', fileMode);
  try {
    await writeAll(file, lines);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Large enough to need few calls, small enough not to double the memory. */
const chunkBytes = 1 << 20;

async function writeAll(file: FileHandle, lines: Iterable<string>): Promise<void> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < chunkBytes) continue;
    await file.writeFile(chunk);
    chunk = '';
  }
  await file.writeFile(chunk);
}

/** Makes a rename durable. Windows cannot open directories and needs no such step. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A file that only grows. One call at a time. */
export type AppendFile = {
  readonly size: number;
  /** Resolves once `data` is on disk. On failure the file is cut back to what it was, or takes no more. */
  append(data: string): Promise<void>;
  close(): Promise<void>;
};

/** Opens the existing file at `path` for growing after its first `keepBytes` bytes; the rest is cut off. */
export async function openAppendFile(path: string, keepBytes: number): Promise<AppendFile> {
  // Not opened in append mode: Windows does not cut such files.
  const file = await open(path, 'r+', fileMode);
  await file.truncate(keepBytes);
  await file.datasync();
  let size = keepBytes;
  let usable = true;
  return {
    get size() {
      return size;
    },
    append: async (data) => {
      if (!usable) throw new Error('an earlier failure left the file in an unknown state');
      const content = Buffer.from(data);
      try {
        await writeAt(file, content, size);
        await file.datasync();
      } catch (error) {
        usable = false;
        await file.truncate(size);
        usable = true;
        throw error;
      }
      size += content.length;
    },
    close: () => file.close(),
  };
}

async function writeAt(file: FileHandle, content: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < content.length) {
    const { bytesWritten } = await file.write(content, written, content.length - written, position + written);
    written += bytesWritten;
  }
}
