import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/*
 * What a rehearsal is told wrongly, it says at once. As processes of their own, because what hangs in a call to the
 * system cannot be ended from within.
 */

const built = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

const run = (name: string, ...argv: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [built(name), ...argv], { encoding: 'utf8', timeout: 30_000 });

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
