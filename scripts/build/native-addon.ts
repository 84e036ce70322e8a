/**
 * The QUIC addon's files, from the repository's root.
 */

/** Where finished addons are, of this platform and of those that a release adds. */
export const addonFolder = '.runtime/native';

/** Cargo's. */
export const addonTarget = `${addonFolder}/target`;

/** What the addon of a platform is called, in Node's terms. */
export function addonName(platform: string, arch: string): string {
  return `quic-${platform}-${arch}.node`;
}
