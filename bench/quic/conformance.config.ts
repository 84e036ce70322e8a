/**
 * `npm run bench -- quic-conformance`: the tests of every QuicBackend on those that are compared and not used.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['bench/quic/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 120_000, reporters: ['default'] },
});
