/**
 * The Ed25519 key of a connector: one for each profile and control plane, made once.
 *
 * The edge admits a key for one connector only, so a key that cannot be read is an error for a person, never a reason
 * to make another one.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { Secret } from '#base/secret.ts';
import { AgentError } from '#contract/errors/agent-error.ts';

import { makePrivateDirectory, writePrivateFile } from '../state/private-files.ts';
import type { SecretStore } from './secret-store.ts';

export type ConnectorIdentity = {
  /** Ed25519 public key, 64 hexadecimal digits. */
  readonly publicKey: string;
  /** PKCS #8, PEM. */
  readonly privateKey: Secret<string>;
  /** How the key is protected on disk. */
  readonly strength: SecretStore['strength'];
};

const fileSchema = z.strictObject({
  version: z.literal(1),
  publicKey: z.string(),
  strength: z.enum(['system', 'weak']),
  /** The private key as the secret store gave it back. */
  protectedKey: z.string(),
});

/** RFC 8410: an Ed25519 SubjectPublicKeyInfo ends in the 32 bytes of the key. */
const rawKeyBytes = 32;

function publicKeyHex(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - rawKeyBytes).toString('hex');
}

function unreadable(path: string, reason: string, cause?: unknown): AgentError {
  return new AgentError('SP_IDENTITY_UNREADABLE', { path, reason }, { cause });
}

async function readIdentity(path: string, secrets: SecretStore): Promise<ConnectorIdentity | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, 'The file cannot be read.', error);
  }
  let file: z.infer<typeof fileSchema>;
  try {
    file = fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw unreadable(path, 'The file is damaged.', error);
  }
  if (file.strength === 'system' && secrets.strength === 'weak') {
    throw unreadable(path, 'It was encrypted with the secret store of the desktop app, which is not available here.');
  }
  let pem: string;
  let publicKey: string;
  try {
    pem = file.strength === 'weak' ? file.protectedKey : await secrets.unprotect(file.protectedKey);
    publicKey = publicKeyHex(createPrivateKey(pem));
  } catch (error) {
    throw unreadable(path, 'The secret store could not decrypt it.', error);
  }
  if (publicKey !== file.publicKey) throw unreadable(path, 'The two halves of the key do not belong together.');
  return { publicKey, privateKey: new Secret(pem), strength: file.strength };
}

async function writeIdentity(path: string, pem: string, secrets: SecretStore): Promise<ConnectorIdentity> {
  const publicKey = publicKeyHex(createPrivateKey(pem));
  const { strength } = secrets;
  const file: z.infer<typeof fileSchema> = {
    version: 1,
    publicKey,
    strength,
    protectedKey: await secrets.protect(pem),
  };
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`);
  return { publicKey, privateKey: new Secret(pem), strength };
}

/**
 * The identity for the control plane `controlPlaneKey`, created on first use in `directory`.
 *
 * Throws SP_IDENTITY_UNREADABLE if there is one that cannot be used, SP_STATE_NOT_SAVED if the disk refuses. A key that was stored without a secret store is
 * encrypted as soon as there is one.
 */
export async function openConnectorIdentity(options: {
  readonly directory: string;
  readonly controlPlaneKey: string;
  readonly secrets: SecretStore;
}): Promise<ConnectorIdentity> {
  const { directory, controlPlaneKey, secrets } = options;
  await makePrivateDirectory(directory);
  // A digest, because the key holds a URL; 64 bits are plenty for the few control planes of one person.
  const digest = createHash('sha256').update(controlPlaneKey).digest('hex').slice(0, 16);
  const path = join(directory, `${digest}.json`);
  const known = await readIdentity(path, secrets);
  if (known === null) {
    const { privateKey } = await promisify(generateKeyPair)('ed25519');
    return writeIdentity(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), secrets);
  }
  if (known.strength === 'weak' && secrets.strength === 'system') {
    return writeIdentity(path, known.privateKey.reveal(), secrets);
  }
  return known;
}
