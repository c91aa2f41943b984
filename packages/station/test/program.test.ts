import { curveInUse } from '@qoima/curve';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Bench, openBench } from './sample.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => {
  bench.remove();
});

it('shows its version, and with --json which curve is in use', async () => {
  const { stdout: version } = await bench.run('--version');
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await bench.json('--version')).toEqual({ version: version.trim(), curve: curveInUse });
});
