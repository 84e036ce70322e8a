/**
 * A real file system of a few hundred kilobytes that can be filled and made read-only. Linux, as root.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SmallDisk = {
  readonly path: string;
  /** Leaves no room for another byte. */
  fill(): void;
  makeRoom(): void;
  readOnly(on: boolean): void;
  remove(): void;
};

/** The disk, or why there can be none on this machine. */
export function mountSmallDisk(): SmallDisk | string {
  const path = mkdtempSync(join(tmpdir(), 'sp-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true });
    return `a tmpfs cannot be mounted here: ${String(error)}`;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => {
      // Ends with what is left, in pieces that get smaller.
      for (let size = 128 * 1024; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // Full for pieces of this size.
        }
      }
    },
    makeRoom: () => rmSync(ballast),
    readOnly: (on) => {
      execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, path], { stdio: 'pipe' });
    },
    remove: () => {
      execFileSync('umount', ['--lazy', path], { stdio: 'pipe' });
      rmSync(path, { recursive: true });
    },
  };
}
