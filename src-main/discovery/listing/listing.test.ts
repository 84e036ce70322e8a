/**
 * Lists what really listens on this machine, in every way that this machine has.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { windowsNetstat, windowsTasklist } from '../testing/listing-samples.ts';
import type { Listener, ListListeners } from './listener.ts';
import { linuxListeners } from './list-linux.ts';
import { macosListeners } from './list-macos.ts';
import { windowsListeners, windowsPrograms } from './list-windows.ts';
import { listenersOf } from './listeners-of.ts';

const lsof = ['/usr/sbin/lsof', '/usr/bin/lsof'].find((path) => existsSync(path));
const never = new AbortController().signal;
const servers: Server[] = [];
let folder: string;

async function listenAt(host: string): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** A script that does `body`, in place of a program of the system. */
async function program(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

const at = (list: readonly Listener[], port: number): readonly Listener[] => list.filter((each) => each.port === port);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sp-listing-'));
});

afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true });
});

const ways: (readonly [string, ListListeners])[] = [
  ...(process.platform === 'linux' ? [['/proc', linuxListeners()] as const] : []),
  ...(lsof === undefined ? [] : [['lsof', macosListeners(lsof)] as const]),
  ['this system’s own way', listenersOf(process.platform, process.env)],
];

describe.each(ways)('by %s', (_way, list) => {
  it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('finds what listens on %s, and whose it is', async (address) => {
    const port = await listenAt(address);
    const [found, ...others] = at(await list(never), port);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ address, port, pid: process.pid });
    // lsof has the name of Node's main thread, where a thread has one (Linux).
    expect(found?.process).toMatch(/node|MainThread/);
    expect(found?.directory).toBe(await realpath(process.cwd()));
  });

  it('does not find what only connects or has ended', async () => {
    const port = await listenAt('127.0.0.1');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect(at(await list(never), port)).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('a program on Linux', () => {
  it.each([
    ['nginx: master process /usr/sbin/nginx -g', 'nginx'],
    ['redis-server *:6379', 'redis-server'],
    ['/opt/My App/chrome --type=renderer', 'chrome'],
    ['/usr/bin/python3', 'python3'],
    ['./server', 'server'],
    ['postgres: walwriter ', 'postgres'],
  ])('that calls itself %j is listed as %j', async (title, name) => {
    const script = `process.title = ${JSON.stringify(title)};
      const server = require('node:net').createServer();
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    // A long command line leaves room for the title.
    const child = spawn(process.execPath, ['-e', script, 'x'.repeat(100)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const [found] = at(await linuxListeners()(never), Number(said.toString()));
    child.kill('SIGKILL');
    expect(found).toMatchObject({ pid: child.pid, process: name });
  });
});

describe('on Windows', () => {
  const given = (text: string): string => `cat <<'END'\n${text}END`;

  it('joins what netstat and tasklist print', async () => {
    const netstat = await program('netstat', given(windowsNetstat));
    const tasklist = await program('tasklist', given(windowsTasklist));
    const found = await windowsListeners({ netstat, tasklist }, {})(never);
    expect(at(found, 5173)).toEqual([{ address: '::1', port: 5173, pid: 12876, process: 'node', directory: null }]);
    expect(at(found, 8080)).toHaveLength(2);
  });

  it('lists without names when tasklist fails', async () => {
    const netstat = await program('netstat', given(windowsNetstat));
    const found = await windowsListeners({ netstat, tasklist: join(folder, 'nowhere') }, {})(never);
    expect(at(found, 5173)).toMatchObject([{ pid: 12876, process: null }]);
  });

  it('takes the programs from the folder of the system', () => {
    expect(windowsPrograms({ SystemRoot: String.raw`D:\Win` })).toEqual({
      netstat: String.raw`D:\Win\System32\netstat.exe`,
      tasklist: String.raw`D:\Win\System32\tasklist.exe`,
    });
  });
});

describe('a program that misbehaves', () => {
  it('says which one is missing', async () => {
    await expect(macosListeners('/nowhere/lsof')(never)).rejects.toThrow('/nowhere/lsof cannot be run (ENOENT)');
  });

  it('is ended when it takes too long', async () => {
    const sleeping = await program('sleeping', 'exec sleep 600');
    await expect(macosListeners(sleeping)(AbortSignal.timeout(200))).rejects.toThrow('did not finish in time');
  });

  it('is ended when it prints too much; what it has printed counts', async () => {
    const talking = await program('talking', String.raw`printf 'p7\ncnode\nf3\ntIPv4\nn*:3000\n'; exec yes n*:3000`);
    const found = await macosListeners(talking)(never);
    expect(found[0]).toEqual({ address: '0.0.0.0', port: 3000, pid: 7, process: 'node', directory: '*:3000' });
  });

  it('may end with an error when there is nothing to list', async () => {
    expect(await macosListeners(await program('nothing', 'exit 1'))(never)).toEqual([]);
  });
});
