/**
 * The peer: OpenSSH remote forwarding (`ssh -R`), the reverse tunnel that is already on most machines. Server and
 * client are this machine's own, on loopback, with keys made for this run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { startChild } from '../../e2e/processes/child.ts';
import { freePorts } from '../../e2e/processes/free-ports.ts';
import type { Entrance } from '../load.ts';

const sshd = '/usr/sbin/sshd';

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function listening(port: number, what: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await accepts(port)) return;
    await pause(100);
  }
  throw new Error(`${what} did not listen on port ${port}`);
}

/** Opens the peer's path, or says why it cannot be measured here. */
export async function openSshPath(
  originPort: number,
): Promise<{ readonly entrance: Entrance; close(): Promise<void> } | { readonly missing: string }> {
  if (!existsSync(sshd)) return { missing: 'openssh-server is not installed' };
  const folder = await mkdtemp(join(tmpdir(), 'sp-ssh-'));
  const [hostKey, userKey] = [join(folder, 'host'), join(folder, 'user')];
  for (const key of [hostKey, userKey]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await writeFile(join(folder, 'authorized'), await readFile(`${userKey}.pub`));
  const [serverPort = 0, publicPort = 0] = await freePorts(2);
  await writeFile(
    join(folder, 'sshd_config'),
    [
      `Port ${serverPort}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${join(folder, 'authorized')}`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      `PidFile ${join(folder, 'pid')}`,
    ].join('\n'),
  );
  // sshd's privilege separation wants this folder, which only its init script makes.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true });
  const server = startChild(sshd, ['-D', '-e', '-f', join(folder, 'sshd_config')]);
  await listening(serverPort, 'sshd');
  const client = startChild('ssh', [
    '-N',
    '-p',
    String(serverPort),
    '-i',
    userKey,
    ...['StrictHostKeyChecking=no', `UserKnownHostsFile=${join(folder, 'known')}`, 'ExitOnForwardFailure=yes'].flatMap(
      (option) => ['-o', option],
    ),
    '-R',
    `127.0.0.1:${publicPort}:127.0.0.1:${originPort}`,
    `${userInfo().username}@127.0.0.1`,
  ]);
  await listening(publicPort, 'ssh -R');
  return {
    entrance: { host: `127.0.0.1:${publicPort}`, port: publicPort },
    close: async () => {
      await client.end('SIGTERM');
      await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
