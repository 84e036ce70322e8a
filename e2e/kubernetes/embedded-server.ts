/**
 * The embedded control plane for one test run: the built program as the playground starts it, in a folder of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startChild, type Child } from '../processes/child.ts';
import { repository } from '../processes/sallyport.ts';
import { answers, makeTokens, openAccess, roles, writePrivate, type Access } from './access.ts';
import { createAuthority, type Authority } from './certificates.ts';

export type EmbeddedServer = Access & {
  readonly server: string;
  /** For whatever a test needs beside it; removed with the server. */
  readonly directory: string;
  readonly authority: Authority;
  readonly process: Child;
  stop(): Promise<void>;
};

export async function startEmbeddedServer(): Promise<EmbeddedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sp-control-'));
  const file = (name: string): string => join(directory, name);
  let running: Child | null = null;
  const stop = async (): Promise<void> => {
    const code = await running?.end('SIGTERM');
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    if (code === undefined || code === 0) return;
    throw new Error([`the control plane ended with ${code}:`, ...(running?.output.slice(-40) ?? [])].join('\n'));
  };
  try {
    const authority = await createAuthority();
    const { cert, key } = await authority.issue(['127.0.0.1', 'localhost']);
    const tokens = makeTokens();
    await writePrivate(file('server.pem'), cert);
    await writePrivate(file('server-key.pem'), key);
    await writePrivate(
      file('tokens.json'),
      JSON.stringify(roles.map((role) => ({ token: tokens[role], user: role, role }))),
    );
    await writePrivate(
      file('control.json'),
      JSON.stringify({
        port: 0,
        dataDir: file('data'),
        certFile: file('server.pem'),
        keyFile: file('server-key.pem'),
        tokensFile: file('tokens.json'),
        crdsDir: join(repository, 'crds'),
      }),
    );
    const program = join(repository, 'dist/node/cli.mjs');
    running = startChild(process.execPath, [program, 'control', '--config', file('control.json')]);
    const { server } = await running.event<{ readonly server: string }>('ready');
    const access = await openAccess(directory, { server, ca: authority.cert, tokens });
    await answers(access.as.admin, '/api/v1/namespaces/default');
    return { ...access, server, directory, authority, process: running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
