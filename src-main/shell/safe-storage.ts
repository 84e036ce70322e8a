/**
 * Encrypts secrets with the operating system's store, through whichever of Electron's interfaces is there.
 */
import type { SafeStorage } from 'electron';

import { plainSecretStore, type SecretStore } from '../identity/secret-store.ts';

/** Both generations of the interface: the asynchronous half is missing in older Electrons. */
export type SafeStoragePort = Pick<
  SafeStorage,
  'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'
> &
  Partial<Pick<SafeStorage, 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'>>;

type Cipher = {
  encrypt(text: string): Promise<Buffer>;
  decrypt(data: Buffer): Promise<string>;
};

async function chooseCipher(storage: SafeStoragePort): Promise<Cipher | null> {
  const { encryptStringAsync, decryptStringAsync, isAsyncEncryptionAvailable } = storage;
  if (
    encryptStringAsync !== undefined &&
    decryptStringAsync !== undefined &&
    isAsyncEncryptionAvailable !== undefined
  ) {
    if (!(await isAsyncEncryptionAvailable.call(storage))) return null;
    return {
      encrypt: (text) => encryptStringAsync.call(storage, text),
      decrypt: async (data) => (await decryptStringAsync.call(storage, data)).result,
    };
  }
  if (!storage.isEncryptionAvailable()) return null;
  return {
    encrypt: (text) => Promise.resolve(storage.encryptString(text)),
    decrypt: (data) => Promise.resolve(storage.decryptString(data)),
  };
}

/** The secret store of this system; the plain one, which says that it is weak, where there is none. After `ready`. */
export async function openSecretStore(storage: SafeStoragePort, platform: NodeJS.Platform): Promise<SecretStore> {
  // SECURITY: on Linux without a keyring Electron encrypts with a key that is in its source code. That is no more than
  // what the file's mode gives, and must not be called encryption.
  if (platform === 'linux') {
    const backend = storage.getSelectedStorageBackend();
    if (backend === 'basic_text' || backend === 'unknown') return plainSecretStore;
  }
  const cipher = await chooseCipher(storage).catch(() => null);
  if (cipher === null) return plainSecretStore;
  return {
    strength: 'system',
    protect: async (text) => (await cipher.encrypt(text)).toString('base64'),
    unprotect: (text) => cipher.decrypt(Buffer.from(text, 'base64')),
  };
}
