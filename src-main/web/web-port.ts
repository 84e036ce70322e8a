/**
 * Remembers the port of the window's server in the profile, so that the address of a window stays the same.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { makePrivateDirectory, writePrivateFile } from '../state/private-files.ts';

const schema = z.object({ port: z.int().min(1).max(65_535) });

function pathIn(directory: string): string {
  return join(directory, 'web.json');
}

/** The port of last time; 0, which stands for any, if there is none or the file is of no use. */
export async function readWebPort(directory: string): Promise<number> {
  try {
    return schema.parse(JSON.parse(await readFile(pathIn(directory), 'utf8'))).port;
  } catch {
    return 0;
  }
}

/** Rejects if the folder cannot be written to. */
export async function writeWebPort(directory: string, port: number): Promise<void> {
  await makePrivateDirectory(directory);
  await writePrivateFile(pathIn(directory), `${JSON.stringify({ port })}\n`);
}
