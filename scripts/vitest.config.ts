import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['qoima-source'] },
  ssr: { resolve: { conditions: ['qoima-source'] } },
  test: {
    root: '.',
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
