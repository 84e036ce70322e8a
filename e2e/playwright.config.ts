/**
 * One end-to-end suite, two drivers: the window in a real Electron, and the same window in Chromium.
 */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: './specs',
  outputDir: '../test-results/e2e',
  // Each test runs a whole chain of processes, and waits for them more than it computes.
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list'], ['json', { outputFile: '../test-results/e2e.json' }]],
  use: { trace: 'retain-on-failure', screenshot: 'only-on-failure' },
  projects: [
    { name: 'electron', testMatch: ['journey.spec.ts', 'everyday.spec.ts', 'window.spec.ts', 'package.spec.ts'] },
    {
      name: 'chromium',
      testMatch: [
        'journey.spec.ts',
        'everyday.spec.ts',
        'browser.spec.ts',
        'command-line.spec.ts',
        'discover.spec.ts',
        'traffic*.spec.ts',
      ],
    },
    // No window: the programs against a real Kubernetes API server (docs/adr/0009), and that one against the embedded one.
    { name: 'kubernetes', testDir: '.', testMatch: ['specs/kubernetes.spec.ts', 'kubernetes/conformance/*.spec.ts'] },
  ],
});
