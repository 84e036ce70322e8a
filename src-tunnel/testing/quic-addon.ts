/**
 * The QUIC addon as `scripts/build-native.ts` leaves it, for tests.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../.runtime/native');

/** Absolute path; null where it was not built, as on a machine without Rust. */
export function builtQuicAddon(): string | null {
  const file = join(folder, `quic-${process.platform}-${process.arch}.node`);
  return existsSync(file) ? file : null;
}
