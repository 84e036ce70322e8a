/**
 * The playground's files against real disks and real TLS; its processes are covered by the system test of the CLI.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { systemClock } from '#base/clock.ts';

import { createAuthority, expiresAtMs, issueServerCertificate, renewBeforeMs } from './certificates.ts';
import { preparePlaygroundFiles, type PlaygroundFiles } from './playground-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-playground-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const prepare = (nowMs = Date.now()): Promise<PlaygroundFiles> =>
  preparePlaygroundFiles({
    directory,
    crdsDirectory: '/crds',
    portsFreeWithinMs: 100,
    clock: { ...systemClock, now: () => nowMs },
    random: Math.random,
  });

async function edgeConfig(files: PlaygroundFiles): Promise<{ http: { port: number }; tunnel: { certFile: string } }> {
  return parse(await readFile(files.configs.edge, 'utf8'));
}

describe('certificates', () => {
  it('verify over TLS 1.3 for their names and for no other', async () => {
    const authority = await createAuthority(Date.now());
    const { cert, key } = await issueServerCertificate(authority, ['edge.example', '127.0.0.1'], Date.now());
    const server = createTlsServer({ cert, key, minVersion: 'TLSv1.3' }, (socket: TLSSocket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const handshake = (servername: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, servername, ca: authority.cert }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      });
    expect(await handshake('edge.example')).toBe('TLSv1.3');
    expect(await handshake('other.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    server.close();
  });
});

describe('playground files', () => {
  it('keeps ports, tokens and certificates from one start to the next', async () => {
    const first = await prepare();
    const before = await readFile(first.kubeconfigs.agent, 'utf8');
    const second = await prepare();
    expect(second).toEqual(first);
    expect(await readFile(second.kubeconfigs.agent, 'utf8')).toBe(before);
  });

  it('lets only the owner read what it writes', async () => {
    const files = await prepare();
    for (const path of [files.kubeconfigs.admin, files.configs.control, join(directory, 'ca-key.pem')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect((await stat(directory)).mode & 0o077).toBe(0);
  });

  it('gives each role a token of its own', async () => {
    const files = await prepare();
    const tokens = await Promise.all(
      Object.values(files.kubeconfigs).map(async (path) => parse(await readFile(path, 'utf8')).users[0].user.token),
    );
    expect(new Set(tokens).size).toBe(4);
  });

  it('chooses another port when somebody has taken one, and keeps the others', async () => {
    const before = await edgeConfig(await prepare());
    const intruder = createServer();
    await new Promise<void>((resolve) => intruder.listen(before.http.port, '127.0.0.1', resolve));
    const files = await prepare();
    intruder.close();
    const after = await edgeConfig(files);
    expect(after.http.port).not.toBe(before.http.port);
    expect(files.edgeHttp).toBe(`http://127.0.0.1:${after.http.port}`);
    expect({ ...after, http: before.http }).toEqual(before);
  });

  it('renews a server certificate before it expires, under the same authority', async () => {
    const files = await prepare();
    const { certFile } = (await edgeConfig(files)).tunnel;
    const before = await readFile(certFile, 'utf8');
    const authority = await readFile(join(directory, 'ca.pem'), 'utf8');
    await prepare(expiresAtMs(before) - renewBeforeMs + 1000);
    expect(await readFile(certFile, 'utf8')).not.toBe(before);
    expect(await readFile(join(directory, 'ca.pem'), 'utf8')).toBe(authority);
  });

  it('makes anew what is damaged', async () => {
    await prepare();
    await writeFile(join(directory, 'settings.json'), '{');
    await writeFile(join(directory, 'edge.pem'), 'not a certificate');
    const files = await prepare();
    const { certFile } = (await edgeConfig(files)).tunnel;
    expect(expiresAtMs(await readFile(certFile, 'utf8'))).toBeGreaterThan(Date.now());
  });
});
