/**
 * A real Vite dev server on a small project of its own, with hot module replacement over its WebSocket.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createServer } from 'vite';

export type ViteProject = {
  readonly port: number;
  /** Rewrites the module that draws the page; a connected browser shows `greeting` without a reload. */
  greet(greeting: string): Promise<void>;
  close(): Promise<void>;
};

const page =
  '<!doctype html><html lang="en"><title>Vite</title><p id="greeting"></p><script type="module" src="/main.js"></script></html>';
const main = `
import { greeting } from './greeting.js';
const draw = (text) => { document.querySelector('#greeting').textContent = text; };
draw(greeting);
window.loads = (window.loads ?? 0) + 1;
import.meta.hot.accept('./greeting.js', (module) => draw(module.greeting));
`;

export async function startViteProject(): Promise<ViteProject> {
  const root = await mkdtemp(join(tmpdir(), 'sp-vite-'));
  const greet = (greeting: string): Promise<void> =>
    writeFile(join(root, 'greeting.js'), `export const greeting = ${JSON.stringify(greeting)};\n`);
  await writeFile(join(root, 'index.html'), page);
  await writeFile(join(root, 'main.js'), main);
  await greet('first version');

  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (typeof address !== 'object' || address === null) throw new Error('The Vite dev server has no port');
  return {
    port: address.port,
    greet,
    close: async () => {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
