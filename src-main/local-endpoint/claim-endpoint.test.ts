/**
 * One holder at a time, also when the last one was killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { systemClock } from '#base/clock.ts';

import { claimEndpoint, isEndpointAlive } from './claim-endpoint.ts';
import { endpointPath, type EndpointLocation } from './endpoint-path.ts';

let directory: string;
let location: EndpointLocation;
const claimed: Server[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-claim-'));
  location = {
    directory,
    name: 'agent',
    platform: process.platform,
    temporaryDirectory: directory,
    uid: process.getuid?.() ?? -1,
  };
});
afterEach(async () => {
  for (const server of claimed.splice(0)) server.close();
  await rm(directory, { recursive: true, force: true });
});

const claim = async (): Promise<Server | null> => {
  const server = await claimEndpoint(location, systemClock);
  if (server !== null) claimed.push(server);
  return server;
};

it('goes to exactly one of many who want it at once', async () => {
  const servers = await Promise.all(Array.from({ length: 8 }, claim));
  expect(servers.filter((server) => server !== null)).toHaveLength(1);
  expect(await isEndpointAlive(endpointPath(location))).toBe(true);
  expect((await stat(endpointPath(location))).mode & 0o777).toBe(0o600);
});

it('is taken over from a process that was killed, by exactly one', async () => {
  const script = `require('net').createServer().listen(${JSON.stringify(endpointPath(location))}, () => console.log())`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(await claim()).toBeNull();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await isEndpointAlive(endpointPath(location))).toBe(false);
  const servers = await Promise.all(Array.from({ length: 5 }, claim));
  expect(servers.filter((server) => server !== null)).toHaveLength(1);
});

it('stands in the temporary folder when its own path is too long for a socket', async () => {
  location = { ...location, directory: join(directory, 'x'.repeat(120)) };
  expect(endpointPath(location).length).toBeLessThan(104);
  expect(await claim()).not.toBeNull();
  const other = { ...location, directory: join(directory, 'y'.repeat(120)) };
  expect(endpointPath(other)).not.toBe(endpointPath(location));
});

it('outlives a connection that could not be accepted', async () => {
  const server = await claim();
  // What Node does when the process has no descriptor left for it.
  server?.emit('error', Object.assign(new Error('accept'), { code: 'EMFILE' }));
  expect(await isEndpointAlive(endpointPath(location))).toBe(true);
});
