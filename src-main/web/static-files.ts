/**
 * Reads files of one folder by URL path, and nothing outside of it.
 */
import { readFile, realpath } from 'node:fs/promises';
import { extname, isAbsolute, join, relative, sep } from 'node:path';

export type StaticFile = { readonly content: Buffer; readonly type: string };

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

function decode(pathname: string): string | null {
  try {
    const path = decodeURIComponent(pathname);
    return path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}

/** The file at `pathname` below `directory`; `/` is `index.html`. Null if there is none that may be read. */
export async function readStaticFile(directory: string, pathname: string): Promise<StaticFile | null> {
  const path = decode(pathname === '/' ? '/index.html' : pathname);
  if (path === null) return null;
  const type = types[extname(path)];
  if (type === undefined) return null;
  try {
    const root = await realpath(directory);
    // SECURITY: compared after links and `..` are resolved, so that no path leads out of the folder.
    const file = await realpath(join(root, path));
    const inside = relative(root, file);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
    return { content: await readFile(file), type };
  } catch {
    return null;
  }
}
