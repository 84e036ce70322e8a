import { describe, expect, test } from 'vitest';

import { openSecretStore, type SafeStoragePort } from './safe-storage.ts';

const turned = (text: string): string => text.split('').toReversed().join('');

function storageOf(given: { readonly available?: boolean; readonly backend?: string; readonly async?: boolean }) {
  const used: string[] = [];
  const available = given.available ?? true;
  const sync = {
    isEncryptionAvailable: () => available,
    encryptString: (text: string) => (used.push('sync'), Buffer.from(turned(text))),
    decryptString: (data: Buffer) => turned(data.toString()),
    getSelectedStorageBackend: () => given.backend ?? 'gnome_libsecret',
  };
  const both = {
    ...sync,
    isAsyncEncryptionAvailable: () => Promise.resolve(available),
    encryptStringAsync: (text: string) => (used.push('async'), Promise.resolve(Buffer.from(turned(text)))),
    decryptStringAsync: (data: Buffer) => Promise.resolve({ shouldReEncrypt: false, result: turned(data.toString()) }),
  };
  return { used, storage: (given.async === true ? both : sync) as SafeStoragePort };
}

describe('the secret store', () => {
  test.each([true, false])('encrypts and decrypts (asynchronous interface: %s)', async (async) => {
    const { storage, used } = storageOf({ async });
    const store = await openSecretStore(storage, 'linux');
    const kept = await store.protect('key');
    expect(store.strength).toBe('system');
    expect(kept).not.toContain('key');
    expect(await store.unprotect(kept)).toBe('key');
    expect(used).toEqual([async ? 'async' : 'sync']);
  });

  test.each([
    ['the backend is a constant key', { backend: 'basic_text' }],
    ['the backend is unknown', { backend: 'unknown' }],
    ['there is none', { available: false }],
    ['there is none (asynchronous interface)', { available: false, async: true }],
  ])('calls itself weak when %s', async (_what, given) => {
    const store = await openSecretStore(storageOf(given).storage, 'linux');
    expect(store.strength).toBe('weak');
  });

  test('has no backends to be wary of on other systems', async () => {
    const store = await openSecretStore(storageOf({ backend: 'unknown' }).storage, 'darwin');
    expect(store.strength).toBe('system');
  });
});
