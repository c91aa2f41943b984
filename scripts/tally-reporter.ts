import type { Reporter, TestModule } from 'vitest/node';

export interface TestTally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Closes vitest's report with `N passed, N failed` alone on a line, for a reader that counts. */
export const tallyReporter = (write: (text: string) => void): Reporter => ({
  onTestRunEnd: (modules, unhandledErrors) => {
    const { passed, failed, skipped } = tallyOf(modules);
    const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
    write(`\n${passed} passed, ${failed + unhandledErrors.length} failed${rest}\n`);
  },
});

/** Counts tests; a file that failed without a failed test in it (it did not load) counts as one. */
const tallyOf = (modules: readonly TestModule[]): TestTally => {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    const failedBefore = tally.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test without a verdict at the end of the run was broken off.
      tally[state === 'pending' ? 'failed' : state] += 1;
    }
    if (module.state() === 'failed' && tally.failed === failedBefore) tally.failed += 1;
  }
  return tally;
};
