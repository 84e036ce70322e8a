/**
 * How much memory a tree of processes uses. Linux only: reads /proc.
 */
import { readFile } from 'node:fs/promises';

/** Resident memory of a process and all its descendants, in MB. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const below = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map((child) => residentMegabytes(Number(child))),
  );
  return below.reduce((sum, megabytes) => sum + megabytes, own);
}
