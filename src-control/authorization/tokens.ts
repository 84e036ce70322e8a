/**
 * Who calls: bearer tokens (RFC 6750 §2.1) and the users and roles they stand for.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';

import { roles, type Role } from './rules.ts';

export type User = { readonly name: string; readonly role: Role };
export type TokenEntry = { readonly token: string; readonly user: string; readonly role: Role };

/** Finds the user of an `Authorization` header; undefined where there is none. */
export type Authenticate = (authorization: string | undefined) => User | undefined;

const entries = z.array(z.strictObject({ token: z.string().min(16), user: z.string().min(1), role: z.enum(roles) }));

/** Reads a file of token entries. Throws where others than the owner can read it, or it is not valid. */
export async function readTokens(path: string): Promise<readonly TokenEntry[]> {
  const { mode } = await stat(path);
  // SECURITY: whoever can read the file is admin; refuse to run on one that others can read.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new Error(`${path} can be read by others; its mode must be 0600`);
  }
  return entries.parse(JSON.parse(await readFile(path, 'utf8')));
}

export function createAuthenticator(tokens: readonly TokenEntry[]): Authenticate {
  // SECURITY: looked up by digest, so that the time of the look-up says nothing about the tokens.
  const users = new Map(tokens.map(({ token, user, role }) => [digest(token), { name: user, role }]));
  return (authorization) => {
    const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : users.get(digest(token));
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
