/**
 * The connector's key: made once, protected, and never replaced behind anybody's back.
 */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { openConnectorIdentity, type ConnectorIdentity } from './connector-identity.ts';
import { plainSecretStore, type SecretStore } from './secret-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sp-identity-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (secrets: SecretStore = plainSecretStore, controlPlaneKey = 'playground'): Promise<ConnectorIdentity> =>
  openConnectorIdentity({ directory, controlPlaneKey, secrets });

const file = async (): Promise<string> => join(directory, (await readdir(directory))[0] ?? '');

/** Encrypts by turning the text round: enough to see which path a text took. */
const systemStore: SecretStore = {
  strength: 'system',
  protect: (text) => Promise.resolve(text.split('').toReversed().join('')),
  unprotect: (text) => Promise.resolve(text.split('').toReversed().join('')),
};

it('is an Ed25519 key whose halves belong together, the same at each start', async () => {
  const identity = await open();
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(identity.publicKey, 'hex')]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const message = Buffer.from('message');
  const signature = sign(null, message, createPrivateKey(identity.privateKey.reveal()));
  expect(verify(null, message, publicKey, signature)).toBe(true);
  expect((await open()).publicKey).toBe(identity.publicKey);
  expect((await stat(await file())).mode & 0o777).toBe(0o600);
});

it('is another one on another control plane', async () => {
  expect((await open(plainSecretStore, 'other')).publicKey).not.toBe((await open()).publicKey);
});

it('is never written in the clear where there is a secret store', async () => {
  await open(systemStore);
  expect(await readFile(await file(), 'utf8')).not.toContain('BEGIN PRIVATE KEY');
});

it('is encrypted as soon as there is a secret store', async () => {
  const before = await open();
  const after = await open(systemStore);
  expect(after).toMatchObject({ publicKey: before.publicKey, strength: 'system' });
  expect(await readFile(await file(), 'utf8')).not.toContain('BEGIN PRIVATE KEY');
});

it.each([
  ['a damaged file', systemStore, (): Promise<void> => file().then((path) => writeFile(path, '{'))],
  ['no secret store any more', plainSecretStore, (): Promise<void> => Promise.resolve()],
  [
    'a store that refuses',
    { ...systemStore, unprotect: () => Promise.reject(new Error('locked')) },
    (): Promise<void> => Promise.resolve(),
  ],
] as const)('is not made anew because of %s', async (_, secrets, spoil) => {
  await open(systemStore);
  await spoil();
  const before = await readFile(await file(), 'utf8');
  await expect(open(secrets)).rejects.toMatchObject({ code: 'SP_IDENTITY_UNREADABLE' });
  expect(await readFile(await file(), 'utf8')).toBe(before);
});
