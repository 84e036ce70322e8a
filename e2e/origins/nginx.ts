/**
 * A real nginx that serves one folder, with what it does by itself: ranges, ETags, conditional requests, compression.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { startChild } from '../processes/child.ts';
import { freePorts } from '../processes/free-ports.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const program = folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));

export const hasNginx = program !== undefined;

export type Nginx = { readonly port: number; close(): Promise<void> };

const startWithinMs = 10_000;

export async function startNginx(files: Readonly<Record<string, Buffer | string>>): Promise<Nginx> {
  if (program === undefined) throw new Error('nginx is not installed');
  const home = await mkdtemp(join(tmpdir(), 'sp-nginx-'));
  const site = join(home, 'site');
  await mkdir(site);
  for (const [name, content] of Object.entries(files)) await writeFile(join(site, name), content);
  const [port = 0] = await freePorts(1);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join(' ');
  await writeFile(
    join(home, 'nginx.conf'),
    `daemon off; pid ${home}/nginx.pid; error_log stderr warn; ${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http { ${temporary} access_log off; types { text/html html; text/plain txt; }
  gzip on; gzip_vary on; gzip_min_length 1; gzip_types text/plain;
  server { listen 127.0.0.1:${port}; root ${site}; absolute_redirect on; port_in_redirect off; server_name_in_redirect off; } }
`,
  );
  const server = startChild(program, ['-p', home, '-e', 'stderr', '-c', join(home, 'nginx.conf')]);
  const end = Date.now() + startWithinMs;
  while (!(await listens(port))) {
    if (Date.now() > end) throw new Error(`nginx did not start:\n${server.output.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    close: async () => {
      await server.end('SIGTERM');
      await rm(home, { recursive: true, force: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
