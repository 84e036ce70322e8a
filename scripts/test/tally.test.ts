import { describe, expect, test } from 'vitest';

import { tallyOfPlaywright, tallyOfVitest } from './tally.ts';

describe('the closing count', () => {
  test('counts vitest’s tests, and a file that could not be loaded as a failure', () => {
    const tally = tallyOfVitest({
      testResults: [
        {
          name: 'a.test.ts',
          status: 'failed',
          assertionResults: [
            { fullName: 'a works', status: 'passed' },
            { fullName: 'a breaks', status: 'failed' },
            { fullName: 'a waits', status: 'pending' },
          ],
        },
        { name: 'b.test.ts', status: 'failed', assertionResults: [] },
      ],
    });
    expect(tally).toEqual({ passed: 1, failed: 2, skipped: 1, failures: ['a breaks', 'b.test.ts'] });
  });

  test('counts playwright’s tests by project, flaky ones as failed', () => {
    const report = {
      errors: [],
      suites: [
        {
          specs: [{ title: 'x', tests: [{ projectName: 'electron', status: 'expected' }] }],
          suites: [
            {
              specs: [
                {
                  title: 'y',
                  tests: [
                    { projectName: 'electron', status: 'skipped' },
                    { projectName: 'chromium', status: 'flaky' },
                  ],
                },
              ],
            },
          ],
        },
      ],
    };
    expect(tallyOfPlaywright(report)).toEqual({ passed: 1, failed: 1, skipped: 1, failures: ['y (chromium)'] });
    expect(tallyOfPlaywright(report, 'electron')).toEqual({ passed: 1, failed: 0, skipped: 1, failures: [] });
  });

  test('an error outside any test counts as a failure', () => {
    expect(tallyOfPlaywright({ errors: [{ message: 'no' }], suites: [] }).failed).toBe(1);
  });
});
