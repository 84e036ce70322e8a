/**
 * The journal against real files: what was acknowledged comes back, damage is kept and told.
 */
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createLogger, type Logger } from '#base/logger.ts';
import type { StoredObject } from '../resources/stored-object.ts';
import { openJournal, type Change, type Journal } from './journal.ts';

let directory: string;
let lines: string[];
let log: Logger;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-journal-'));
  lines = [];
  log = createLogger({ level: 'info', sink: (line) => lines.push(line), now: () => 0 });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (compactAtBytes = 1 << 20): Promise<Journal> =>
  openJournal({ directory, now: () => 1234, log, compactAtBytes });

function object(name: string, revision: number): StoredObject {
  const metadata = { name, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Thing', metadata: { ...metadata, resourceVersion: String(revision) } };
}

function put(revision: number, name = `n${revision}`): Change {
  return { revision, type: 'g/things', key: `/${name}`, object: object(name, revision) };
}

async function writeThree(): Promise<void> {
  const journal = await open();
  await journal.append([put(1), put(2)]);
  await journal.append([put(3)]);
  await journal.close();
}

describe('journal', () => {
  test('brings back what was appended, in order', async () => {
    await writeThree();
    const journal = await open();
    expect(journal.recovered).toEqual({
      revision: 0,
      entries: [],
      changes: [put(1), put(2), put(3)],
      lostRevisions: 0,
    });
    expect(lines).toEqual([]);
    await journal.close();
  });

  test('drops a torn record at the end and goes on after the last whole one', async () => {
    await writeThree();
    await appendFile(join(directory, 'log'), '0badcafe {"revision":4,"ty');
    const journal = await open();
    expect(journal.recovered.changes.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    expect(lines.join('\n')).toContain('dropped an unfinished record');
    await journal.append([put(4)]);
    await journal.close();
    const again = await open();
    expect(again.recovered.changes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    await again.close();
  });

  test('keeps a damaged log aside, tells of it, and saves what can be read', async () => {
    await writeThree();
    const path = join(directory, 'log');
    const content = await readFile(path, 'utf8');
    await writeFile(path, content.replace('"n2"', '"nX"'));
    const journal = await open();
    expect(journal.recovered.changes.map(({ revision }) => revision)).toEqual([1, 3]);
    expect(journal.recovered.lostRevisions).toBeGreaterThanOrEqual(1);
    expect(lines.join('\n')).toContain('a file of the store is damaged');
    expect(await readdir(directory)).toContain('log.corrupt-1234');
    await journal.close();
  });

  test.each(['log', 'snapshot'])('survives a %s that is rubbish from the first byte', async (file) => {
    await writeThree();
    const first = await open();
    await first.compact(3, [{ type: 'g/things', key: '/n3', object: object('n3', 3) }]);
    await first.append([put(4)]);
    await first.close();
    await writeFile(join(directory, file), 'rubbish\n\0\0\0\n');
    const journal = await open();
    expect(await readdir(directory)).toContain(`${file}.corrupt-1234`);
    if (file === 'log') expect(journal.recovered.entries).toHaveLength(1);
    else expect(journal.recovered.changes).toEqual([put(4)]);
    expect(journal.recovered.revision).toBeGreaterThanOrEqual(3);
    await journal.close();
  });

  test('folds the log into a snapshot', async () => {
    const journal = await open(100);
    await journal.append([put(1), put(2)]);
    expect(journal.wantsCompaction).toBe(true);
    await journal.compact(2, [{ type: 'g/things', key: '/n2', object: object('n2', 2) }]);
    expect(journal.wantsCompaction).toBe(false);
    await journal.append([put(3)]);
    await journal.close();
    const again = await open();
    expect(again.recovered.revision).toBe(2);
    expect(again.recovered.entries.map(({ key }) => key)).toEqual(['/n2']);
    expect(again.recovered.changes.map(({ revision }) => revision)).toEqual([3]);
    await again.close();
  });

  test('a crash between snapshot and log repeats nothing', async () => {
    await writeThree();
    const oldLog = await readFile(join(directory, 'log'));
    const journal = await open();
    await journal.compact(2, [{ type: 'g/things', key: '/n2', object: object('n2', 2) }]);
    await journal.close();
    await writeFile(join(directory, 'log'), oldLog);
    const again = await open();
    expect(again.recovered.changes.map(({ revision }) => revision)).toEqual([3]);
    await again.close();
  });

  test('refuses files of another format rather than misreading them', async () => {
    await writeThree();
    const journal = await open();
    await journal.compact(3, []);
    await journal.close();
    const { encodeRecord } = await import('./record-file.ts');
    await writeFile(join(directory, 'snapshot'), encodeRecord({ format: 99, revision: 3 }));
    await expect(open()).rejects.toThrow('format 99');
  });

  test('files are readable by the owner only', async () => {
    await writeThree();
    const { mode } = await import('node:fs').then(({ statSync }) => statSync(join(directory, 'log')));
    expect(mode & 0o077).toBe(0);
  });
});
