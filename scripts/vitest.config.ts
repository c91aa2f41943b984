import { defineConfig } from 'vitest/config';
import { tallyReporter } from './tally-reporter.ts';

export default defineConfig({
  resolve: { conditions: ['qoima-source'] },
  ssr: { resolve: { conditions: ['qoima-source'] } },
  test: {
    root: '.',
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    testTimeout: 60_000,
    reporters: ['default', tallyReporter((text) => process.stdout.write(text))],
  },
});
