/**
 * A real Redis on a free loopback port.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { startChild } from '../processes/child.ts';
import { freePorts } from '../processes/free-ports.ts';

export type Redis = { readonly port: number; close(): Promise<void> };

export async function startRedis(): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'sp-redis-'));
  const [port = 0] = await freePorts(1);
  // Debian's one program for server and tools acts as what it is called by; this package starts no service.
  const child = startChild('redis-check-rdb', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    argv0: 'redis-server',
    cwd: folder,
  });
  await expect.poll(() => child.output.join('\n')).toContain('Ready to accept connections');
  return {
    port,
    close: async () => {
      await child.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
