import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

/*
 * What a rehearsal is told wrongly, it says at once. As processes of their own, because what hangs in a call to the
 * system cannot be ended from within.
 */

const built = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

const run = (name: string, ...argv: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [built(name), ...argv], { encoding: 'utf8', timeout: 30_000 });

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-edge-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

describe('a folder that cannot be made', () => {
  // Linux: nobody makes a folder there, and Node's recursive way tries forever.
  const NOWHERE = '/proc/x';

  it.each([
    ['a rehearsal', 'main.js', ['--out']],
    ['the embedded node', 'regtest/regtest-node-main.js', ['--seed-time', '1700000000', '--dir']],
  ])('is one clear error for %s', (_, name, argv) => {
    const { status, stderr } = run(name, ...argv, NOWHERE);
    expect(stderr).toMatch(/^error FILE_[A-Z_]+: Cannot make \/proc\/x \([A-Z]+\)\.[^\n]*\n$/);
    expect(status).toBe(1);
  });

  it('is one clear error where a file stands', () => {
    const { status, stderr } = run('main.js', '--out', built('main.js'));
    expect(stderr).toMatch(/^error FILE_NOT_REGULAR: [^\n]*\n$/);
    expect(status).toBe(1);
  });
});

describe('the clock', () => {
  it.each(['yesterday', '2026-01-01', '1970-12-31T23:59:59Z', '2106-01-01T00:00:00Z'])(
    'is not %s',
    (clock) => {
      const folder = join(temporaryFolder(), 'out');
      const { status, stderr } = run('main.js', '--out', folder, '--clock', clock);
      expect(stderr).toMatch(/^error USAGE_INVALID: [^\n]*2026-01-31T12:00:00Z[^\n]*\n$/);
      expect(status).toBe(2);
      expect(existsSync(folder)).toBe(false);
    },
  );
});

it('takes any text for a seed, and says so', () => {
  expect(run('main.js', '--help').stdout).toMatch(/--seed <text> +any text; /);
});
