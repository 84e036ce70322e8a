/**
 * Tells by the folder that a service was started in which project of a person it belongs to.
 */
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';

/** Folders of the system: what runs in them is no project of a person. */
const systemFolders = [
  '/var',
  '/usr',
  '/etc',
  '/run',
  '/snap',
  '/proc',
  '/sys',
  '/System',
  '/Library',
  '/Applications',
];

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

/** The name of the folder a service was started in, if that is a project's. */
export function projectOf(directory: string | null, homeDirectory: string): string | null {
  if (directory === null) return null;
  const path = resolve(directory);
  const isProject =
    dirname(path) !== path &&
    path !== resolve(homeDirectory) &&
    !systemFolders.some((folder) => isInside(folder, path));
  return isProject ? basename(path) : null;
}
