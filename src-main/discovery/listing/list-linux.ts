/**
 * Lists listening sockets on Linux from `/proc`, without a program: the sockets, then whose open files they are.
 *
 * Without privileges the open files of other users' processes stay hidden; their sockets have no process.
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Listener, ListListeners } from './listener.ts';
import { parseProcNetTcp } from './proc-net-tcp.ts';

/** Processes looked at, oldest first, and open files of each: far more than a desktop has. */
const maxProcesses = 10_000;
const maxFilesPerProcess = 20_000;
/** Files asked for at once; the file system's threads are shared with the whole agent. */
const filesAtOnce = 64;
/** Some 6,000 sockets; the kernel puts those that listen first. */
const maxTableBytes = 1_000_000;

/** What `read` gives; null where a process has ended meanwhile or belongs to somebody else. */
async function orNull<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch {
    return null;
  }
}

/**
 * The program's name from a command line (parts end with a zero byte), else from the name that the kernel has. Servers
 * write what they do over it: `nginx: master process /usr/sbin/nginx`, `redis-server *:6379`.
 */
function programOf(commandLine: string, kernelName: string): string | null {
  const [first = ''] = commandLine.split('\0', 1);
  // A path may have spaces; options that were written behind it begin with a hyphen.
  const words = /^[./]/.test(first) ? first.replace(/ -.*$/, '') : first.replace(/:? .*$|:$/, '');
  const name = basename(words);
  return name !== '' ? name : kernelName.trim() || null;
}

/** The sockets among the open files of the process `pid`. */
async function socketsOf(folder: string): Promise<readonly string[]> {
  const files = ((await orNull(readdir(join(folder, 'fd')))) ?? []).slice(0, maxFilesPerProcess);
  const inodes: string[] = [];
  for (let start = 0; start < files.length; start += filesAtOnce) {
    const links = await Promise.all(
      files.slice(start, start + filesAtOnce).map((file) => orNull(readlink(join(folder, 'fd', file)))),
    );
    for (const link of links) {
      const inode = /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1];
      if (inode !== undefined) inodes.push(inode);
    }
  }
  return inodes;
}

type Owner = Pick<Listener, 'pid' | 'process' | 'directory'>;
const hidden: Owner = { pid: null, process: null, directory: null };

async function ownerAt(folder: string, pid: number): Promise<Owner> {
  const [commandLine, command, directory] = await Promise.all([
    orNull(readFile(join(folder, 'cmdline'), 'utf8')),
    orNull(readFile(join(folder, 'comm'), 'utf8')),
    orNull(readlink(join(folder, 'cwd'))),
  ]);
  return { pid, process: programOf(commandLine ?? '', command ?? ''), directory };
}

/** Who has each of `inodes` open; of several processes the oldest, which is the parent of its workers. */
async function ownersOf(
  root: string,
  inodes: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Owner>> {
  const owners = new Map<string, Owner>();
  const entries = await readdir(root);
  const pids = entries.flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : [])).toSorted((a, b) => a - b);
  for (const pid of pids.slice(0, maxProcesses)) {
    if (owners.size === inodes.size || signal.aborted) break;
    const folder = join(root, String(pid));
    const found = (await socketsOf(folder)).filter((inode) => inodes.has(inode) && !owners.has(inode));
    if (found.length === 0) continue;
    const owner = await ownerAt(folder, pid);
    for (const inode of found) owners.set(inode, owner);
  }
  return owners;
}

async function readTable(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: maxTableBytes - 1 })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** `root` is where `/proc` is mounted. When `signal` aborts, what is known by then is given. */
export function linuxListeners(root = '/proc'): ListListeners {
  return async (signal) => {
    const ipv4 = await readTable(join(root, 'net/tcp'));
    // Missing where IPv6 is switched off.
    const ipv6 = (await orNull(readTable(join(root, 'net/tcp6')))) ?? '';
    const sockets = [...parseProcNetTcp(ipv4), ...parseProcNetTcp(ipv6)];
    const owners = await ownersOf(root, new Set(sockets.map(({ inode }) => inode)), signal);
    return sockets.map(({ address, port, inode }) => ({ address, port, ...(owners.get(inode) ?? hidden) }));
  };
}
