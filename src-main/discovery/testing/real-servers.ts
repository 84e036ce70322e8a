/**
 * Starts real database servers for tests, each in a folder of its own on a free loopback port.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';

export type RealServer = { readonly port: number; readonly pid: number; close(): Promise<void> };

/** PostgreSQL refuses to run as root. */
const ordinaryUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
const startTimeoutMs = 15_000;

/** Where `program` is, in PATH or in `more` folders; null if it is not installed. */
export function installed(program: string, more: readonly string[] = []): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...more];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

/** Debian keeps PostgreSQL's programs out of PATH, by version. */
export function postgresFolder(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
  return versions.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sp-server-'));
  if (ordinaryUser.uid !== undefined) chownSync(folder, ordinaryUser.uid, ordinaryUser.gid);
  return folder;
}

/** Waits until the server says that it is `ready`. */
function untilReady(child: ChildProcess, ready: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`It did not start:\n${said}`)), startTimeoutMs);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!ready.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`It ended with ${code}:\n${said}`)));
  });
}

async function running(child: ChildProcess, port: number, folder: string, ready: RegExp): Promise<RealServer> {
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await untilReady(child, ready);
  } catch (error) {
    await close();
    throw error;
  }
  return { port, pid: child.pid ?? 0, close };
}

/** `options` as for the program `postgres`. */
export async function startPostgres(programs: string, ...options: readonly string[]): Promise<RealServer> {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const made = spawnSync(join(programs, 'initdb'), ['-D', data, '-A', 'trust', '--no-sync', '-U', 'test'], {
    ...ordinaryUser,
    cwd: folder,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  const port = await freePort();
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, ...options];
  const child = spawn(join(programs, 'postgres'), args, { ...ordinaryUser, cwd: folder });
  return running(child, port, folder, /ready to accept connections/);
}

/** `program` is Redis's: one for its server and its tools, which it tells apart by its name. */
export async function startRedis(program: string, ...options: readonly string[]): Promise<RealServer> {
  const folder = makeFolder();
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...options];
  const child = spawn(program, args, { ...ordinaryUser, cwd: folder, argv0: 'redis-server' });
  return running(child, port, folder, /Ready to accept connections/);
}
