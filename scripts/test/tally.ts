/**
 * Counts of passed, failed and skipped tests, read from the runners' own JSON reports.
 */

export type Tally = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of what failed. */
  readonly failures: readonly string[];
};

export const emptyTally: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  };
}

/** The part of Vitest's JSON report that counts. */
type VitestReport = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
};

export function tallyOfVitest(report: VitestReport): Tally {
  return report.testResults
    .map((file): Tally => {
      const failed = file.assertionResults.filter(({ status }) => status === 'failed');
      const passed = file.assertionResults.filter(({ status }) => status === 'passed').length;
      // A file that could not even be loaded has no assertions to count.
      const broken = file.status === 'failed' && failed.length === 0 ? [file.name] : [];
      return {
        passed,
        failed: failed.length + broken.length,
        skipped: file.assertionResults.length - passed - failed.length,
        failures: [...failed.map(({ fullName }) => fullName), ...broken],
      };
    })
    .reduce(addTallies, emptyTally);
}

type PlaywrightSuite = {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly { readonly projectName: string; readonly status: string }[];
  }[];
};

/** The part of Playwright's JSON report that counts. */
type PlaywrightReport = { readonly suites: readonly PlaywrightSuite[]; readonly errors: readonly unknown[] };

/** Counts the tests of all projects, or of one. A flaky test passed only on a retry and counts as failed. */
export function tallyOfPlaywright(report: PlaywrightReport, project?: string): Tally {
  const ofSuite = (suite: PlaywrightSuite): Tally => {
    const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
      tests
        .filter(({ projectName }) => project === undefined || projectName === project)
        .map(({ projectName, status }): Tally => {
          if (status === 'expected') return { ...emptyTally, passed: 1 };
          if (status === 'skipped') return { ...emptyTally, skipped: 1 };
          return { ...emptyTally, failed: 1, failures: [`${title} (${projectName})`] };
        }),
    );
    return [...own, ...(suite.suites ?? []).map(ofSuite)].reduce(addTallies, emptyTally);
  };
  const failures = report.errors.map((error) => `playwright: ${JSON.stringify(error).slice(0, 200)}`);
  return report.suites.map(ofSuite).reduce(addTallies, { ...emptyTally, failed: failures.length, failures });
}
