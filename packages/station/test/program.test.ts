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

it('has no help for a program that reads JSON', async () => {
  for (const argv of [['--help'], ['help'], ['help', 'sign'], ['sign', '--help']]) {
    const { code, stdout, stderr } = await bench.run('--json', ...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'USAGE_INVALID' } });
    expect(await bench.run(...argv)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: qoima-station'),
    });
  }
});

it('takes an empty --home for a mistake, and writes nothing where it stands', async () => {
  const end = await bench.run('--home', '', 'status');
  expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('error HOME_UNKNOWN: ') });
});
