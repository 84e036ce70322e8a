/**
 * The lock on the data directory: held by the living, free after the dead.
 */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { systemClock } from '#base/clock.ts';
import { lockDirectory } from './directory-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-lock-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('lock', () => {
  test('is exclusive until it is released', async () => {
    const lock = await lockDirectory(directory, systemClock);
    await expect(lockDirectory(directory, systemClock)).rejects.toThrow('used by another');
    await lock.release();
    await (await lockDirectory(directory, systemClock)).release();
  });

  test.each([
    ['a living process', String(process.ppid), 0, true],
    ['a living process that has long not touched it', String(process.ppid), 60, false],
    ['an earlier process with our id', `${process.pid} 1`, 0, false],
    ['somebody who is just taking it', '', 0, true],
    ['somebody who died while taking it', '', 60, false],
  ])('of %s', async (_who, content, ageSeconds, held) => {
    const path = join(directory, 'lock');
    await writeFile(path, content);
    const touched = new Date(Date.now() - ageSeconds * 1000);
    await utimes(path, touched, touched);
    const taking = lockDirectory(directory, systemClock);
    if (held) await expect(taking).rejects.toThrow('used by another');
    else await (await taking).release();
  });
});
