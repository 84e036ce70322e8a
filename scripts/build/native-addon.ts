/**
 * What the QUIC addon of a platform is called, in Node's terms.
 */
export function addonName(platform: string, arch: string): string {
  return `quic-${platform}-${arch}.node`;
}
