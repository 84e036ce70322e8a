/**
 * Makes `npx sallyport` find the command in this repository at once: npm links the commands of packages that are
 * installed, not of the one that is being worked on. A `bin` in package.json would not do: npx then installs this folder
 * into a cache of its own, which takes seconds, and stays broken if it was once asked before `npm ci`.
 */
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Puts `name` into `node_modules/.bin` of `root`, starting the script at `path` (relative to `root`). */
export async function linkCommand(root: string, name: string, path: string, platform: NodeJS.Platform): Promise<void> {
  const bin = join(root, 'node_modules', '.bin');
  const script = relative(bin, join(root, path));
  await mkdir(bin, { recursive: true });
  if (platform === 'win32') {
    await writeFile(join(bin, `${name}.cmd`), `@node "%~dp0\\${script}" %*\r\n`);
    return;
  }
  const link = join(bin, name);
  await rm(link, { force: true });
  await symlink(script, link);
  await chmod(join(root, path), 0o755);
}
