/**
 * The port through which secrets are encrypted at rest, and what stands in where there is no secret store.
 *
 * The desktop shell provides one on the operating system's store; this folder knows nothing of it.
 */

export type SecretStore = {
  /** system: encrypted by the operating system's secret store. weak: protected by file permissions only. */
  readonly strength: 'system' | 'weak';
  /** Text that may be written to disk. */
  protect(text: string): Promise<string>;
  /** The inverse of `protect`; rejects if the store refuses. */
  unprotect(text: string): Promise<string>;
};

/** For headless runs: the text stays as it is, the file's mode is the only protection. */
export const plainSecretStore: SecretStore = {
  strength: 'weak',
  protect: (text) => Promise.resolve(text),
  unprotect: (text) => Promise.resolve(text),
};
