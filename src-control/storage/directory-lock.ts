/**
 * Keeps a second process off a data directory: two writers would ruin each other's log.
 *
 * The lock is a file with the holder's process id and start, touched every few seconds. It is free when that process is
 * gone or the file has not been touched for long: after a restart of the machine the id may belong to somebody else.
 */
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cancel, Clock } from '#base/clock.ts';

export type DirectoryLock = { release(): Promise<void> };

/** Tells this process from an earlier one with the same id. */
const thisProcess = String(Math.round(performance.timeOrigin));

const touchEveryMs = 3000;
/** Several missed touches. */
const staleAfterMs = 15_000;

/** Takes the lock of `directory`. Throws where another living process holds it. */
export async function lockDirectory(directory: string, clock: Clock): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock');
  if (!(await take(path))) {
    if (await isHeld(path)) throw new Error(`${directory} is used by another control plane`);
    await rm(path, { force: true });
    if (!(await take(path))) throw new Error(`${directory} was just taken by another control plane`);
  }
  let cancel: Cancel = () => {};
  let released = false;
  const keepTouching = (): void => {
    cancel = clock.after(touchEveryMs, () => {
      const now = new Date();
      // A failed touch is made good by the next one, or costs the lock, which is no worse than not having it.
      void utimes(path, now, now).catch(() => {});
      if (!released) keepTouching();
    });
  };
  keepTouching();
  return {
    release: async () => {
      released = true;
      cancel();
      await rm(path, { force: true });
    },
  };
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${process.pid} ${thisProcess}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** File times are the file system's, so they are compared with the wall clock and not with the Clock port. */
async function isHeld(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Math.abs(Date.now() - mtimeMs) > staleAfterMs) return false;
    const [holder, start] = (await readFile(path, 'utf8')).split(' ');
    // Whoever takes it has not written yet.
    if (!(Number(holder) > 0)) return true;
    // In a container every run may have the same id.
    if (Number(holder) === process.pid) return start === thisProcess;
    process.kill(Number(holder), 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
