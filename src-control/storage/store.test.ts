/**
 * The store: what watchers see adds up to what lists say, before and after restarts, and failures leave no trace.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { silentLogger } from '#base/logger.ts';
import { keyOf, objectKey, type StoredObject } from '../resources/stored-object.ts';
import { openJournal, type Journal } from './journal.ts';
import { openStore, type Store, type Transaction } from './store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-store-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const types = ['g/as', 'g/bs'] as const;

async function start(options: { maxEvents?: number; compactAtBytes?: number; dir?: string } = {}): Promise<Store> {
  const journal = await openJournal({
    directory: options.dir ?? directory,
    now: () => 0,
    log: silentLogger,
    compactAtBytes: options.compactAtBytes ?? 1 << 20,
  });
  return create(journal, options.maxEvents);
}

function create(journal: Journal, maxEvents = 1000): Promise<Store> {
  const history = { maxEvents, maxBytes: 1 << 20 };
  return openStore({ journal, log: silentLogger, history, maxWaiting: 1000 });
}

function object(name: string, value = 0): StoredObject {
  const metadata = { name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'Thing', metadata, spec: { value } };
}

type Step = { readonly type: (typeof types)[number]; readonly name: string; readonly remove: boolean };

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom(...types),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  remove: fc.boolean(),
});

function perform(transaction: Transaction, { type, name, remove }: Step, value: number): void {
  const current = transaction.get(type, objectKey(undefined, name));
  if (!remove) transaction.put(type, object(name, value));
  else if (current !== undefined) transaction.remove(type, current);
}

/** What a watcher holds that started from `from` and applied every event after it. */
function replay(store: Store, type: string, revision: number): ReadonlyMap<string, StoredObject> | undefined {
  const start = store.listAt(type, revision);
  const events = store.eventsAfter(type, revision);
  if (start === undefined || events === undefined) return undefined;
  const held = new Map(start);
  let last = revision;
  for (const event of events) {
    expect(event.revision).toBeGreaterThan(last);
    last = event.revision;
    expect(held.get(keyOf(event.object))).toEqual(event.previous);
    if (event.deleted) held.delete(keyOf(event.object));
    else held.set(keyOf(event.object), event.object);
  }
  return held;
}

describe('store', () => {
  test('a watch from any version that is still known replays to what the list says, also after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(3, 1000),
        fc.constantFrom(600, 1 << 20),
        async (steps, maxEvents, compactAtBytes) => {
          const dir = await mkdtemp(join(directory, 'run-'));
          let store = await start({ maxEvents, compactAtBytes, dir });
          const versions = [store.revision];
          const lists = new Map<string, ReadonlyMap<string, StoredObject>>();
          for (const [index, each] of steps.entries()) {
            await store.write((transaction) => perform(transaction, each, index));
            versions.push(store.revision);
            for (const type of types) lists.set(`${type} ${store.revision}`, new Map(store.list(type)));
          }
          for (const restarted of [false, true]) {
            if (restarted) {
              const { revision } = store;
              await store.close();
              store = await start({ maxEvents, compactAtBytes, dir });
              expect(store.revision).toBe(revision);
            }
            for (const type of types) {
              for (const version of versions) {
                const held = replay(store, type, version);
                if (held !== undefined) expect(held).toEqual(new Map(store.list(type)));
                const known = lists.get(`${type} ${version}`);
                const at = store.listAt(type, version);
                if (at !== undefined && known !== undefined) expect(new Map(at)).toEqual(known);
              }
              expect(replay(store, type, store.revision)).toBeDefined();
            }
          }
          await store.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('tells of changes only once they are on disk, in order, each once', async () => {
    const store = await start();
    const seen: number[] = [];
    store.subscribe(({ revision }) => seen.push(revision));
    const writes = Array.from({ length: 50 }, (_, index) =>
      store.write((transaction) => transaction.put(types[0], object(`n${index % 5}`, index))),
    );
    expect(store.list(types[0]).size).toBe(0);
    const results = await Promise.all(writes);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(results.map(({ metadata }) => metadata['resourceVersion'])).toEqual(seen.map(String));
    await store.close();
  });

  test('what throws and what is rehearsed changes nothing, also for writers in the same batch', async () => {
    const store = await start();
    const first = store.write((transaction) => transaction.put(types[0], object('a', 1)));
    const failing = store.write((transaction) => {
      transaction.put(types[0], object('b', 1));
      throw new Error('no');
    });
    const rehearsed = store.rehearse((transaction) => transaction.put(types[0], object('c', 1)));
    const last = store.write((transaction) => ({
      names: [...transaction.list(types[0])].map(({ metadata }) => metadata.name),
      count: transaction.count,
    }));
    await expect(failing).rejects.toThrow('no');
    await Promise.all([first, rehearsed]);
    expect(await last).toEqual({ names: ['a'], count: 1 });
    expect(store.revision).toBe(1);
    await store.close();
  });

  test('a write that the disk refuses is told to the writer and to nobody else', async () => {
    const journal = await openJournal({ directory, now: () => 0, log: silentLogger, compactAtBytes: 1 << 20 });
    let refuse = true;
    const store = await create({
      recovered: journal.recovered,
      wantsCompaction: false,
      append: (changes) => (refuse ? Promise.reject(new Error('ENOSPC')) : journal.append(changes)),
      compact: (revision, entries) => journal.compact(revision, entries),
      close: () => journal.close(),
    });
    const seen: number[] = [];
    store.subscribe(({ revision }) => seen.push(revision));
    await expect(store.write((transaction) => transaction.put(types[0], object('a')))).rejects.toMatchObject({
      code: 500,
    });
    expect(store.list(types[0]).size).toBe(0);
    refuse = false;
    await store.write((transaction) => transaction.put(types[0], object('b')));
    expect([...store.list(types[0]).keys()]).toEqual(['/b']);
    expect(seen).toEqual([1]);
    await store.close();
  });

  test('forgets old changes and says so, but never those of a quiet type', async () => {
    const store = await start({ maxEvents: 5 });
    await store.write((transaction) => transaction.put(types[1], object('quiet')));
    for (let index = 0; index < 20; index += 1) {
      await store.write((transaction) => transaction.put(types[0], object('busy', index)));
    }
    expect(store.eventsAfter(types[0], 10)).toBeUndefined();
    expect(store.listAt(types[0], 10)).toBeUndefined();
    expect(store.eventsAfter(types[0], 16)).toHaveLength(5);
    expect(store.eventsAfter(types[1], 0)).toHaveLength(1);
    expect(store.eventsAfter(types[0], 22)).toBeUndefined();
    await store.close();
  });

  test('after damage it loses only what was damaged, gives out no number twice, and starts clean the next time', async () => {
    const first = await start();
    for (const name of ['a', 'b', 'c']) await first.write((transaction) => transaction.put(types[0], object(name)));
    const before = first.revision;
    await first.close();
    const path = join(directory, 'log');
    const content = await readFile(path, 'utf8');
    // The last acknowledged change is damaged, so that its number cannot be seen any more.
    await writeFile(path, content.replace('"uid":"c"', '"uid":"X"'));
    const second = await start();
    expect([...second.list(types[0]).keys()]).toEqual(['/a', '/b']);
    expect(second.revision).toBeGreaterThanOrEqual(before);
    expect(second.eventsAfter(types[0], 1)).toBeUndefined();
    const { revision } = second;
    await second.close();
    const backups = (await readdir(directory)).filter((file) => file.includes('corrupt'));
    expect(backups).toHaveLength(1);
    const third = await start();
    expect(third.revision).toBe(revision);
    expect((await readdir(directory)).filter((file) => file.includes('corrupt'))).toEqual(backups);
    await third.close();
  });

  test('bounds the writers that wait', async () => {
    const store = await start();
    const writes = Array.from({ length: 1100 }, () => store.write((transaction) => transaction.count));
    const outcomes = await Promise.allSettled(writes);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { code: 429 } });
    await store.close();
  });
});
