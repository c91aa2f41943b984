import { defineConfig } from 'vitest/config';
import { tallyReporter } from './tally-reporter.ts';

export default defineConfig({
  resolve: { conditions: ['qoima-source'] },
  ssr: { resolve: { conditions: ['qoima-source'] } },
  test: {
    root: '.',
    setupFiles: ['scripts/fixed-seed.ts'],
    testTimeout: 60_000,
    reporters: ['default', tallyReporter((text) => process.stdout.write(text))],
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
        },
      },
      {
        // Once more without the compiled curve: whatever calculates with keys or signatures itself.
        extends: true,
        test: {
          name: 'wasm',
          include: ['packages/{curve,policy,psbt,review}/test/**/*.test.ts'],
          env: { QOIMA_CURVE: 'wasm' },
        },
      },
    ],
  },
});
