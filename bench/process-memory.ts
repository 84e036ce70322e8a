/**
 * Resident memory of a process and everything below it, by the kernel's count.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

export type ProcessMemory = { readonly pid: number; readonly name: string; readonly megabytes: number };

/** Every process of the tree under `pid`; empty where there is no /proc. */
export async function processMemory(pid: number): Promise<ProcessMemory[]> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(await read('status'))?.[1];
  if (rss === undefined) return [];
  const [, script = '?'] = (await read('cmdline')).split('\0');
  const children = (await read(`task/${pid}/children`)).split(' ').filter(Boolean);
  const below = await Promise.all(children.map((child) => processMemory(Number(child))));
  return [{ pid, name: basename(script), megabytes: Number(rss) / 1024 }, ...below.flat()];
}
