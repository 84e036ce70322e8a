import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src-*/**/*.test.ts', 'scripts/**/*.test.ts', 'e2e/network/**/*.test.ts'],
    // Many tests wait for processes and timers. By default there would be one worker less than there are cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    setupFiles: ['scripts/test/patient-waits.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
  },
});
