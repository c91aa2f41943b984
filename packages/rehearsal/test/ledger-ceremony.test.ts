import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { filesOf } from './rehearsal-files.ts';

/*
 * The rehearsal as its users start it. `npm test` has compiled it before any test begins.
 */

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const rehearse = async (...argv: readonly string[]): Promise<End> => {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
};

/** Kills it, and nothing but it, when it has shown this: the program that it runs just then runs on. */
const rehearseKilled = async (shown: string, ...argv: readonly string[]): Promise<void> => {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (words: string) => {
    stderr += words;
    if (stderr.includes(shown)) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`it ended with ${code} before "${shown}": ${stderr}`);
};

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-ceremony-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const LIMIT = { timeout: 600_000 };

it('goes on where it was interrupted, and ends as if nothing had happened', LIMIT, async () => {
  const [interrupted, straight] = [temporaryFolder(), temporaryFolder()];

  for (const shown of [
    'Five custodians make their keys: 20 %',
    'Every Ledger registers the policy: 60 %',
    'Three stations review it and sign, apart from each other: 33 %',
  ]) {
    await rehearseKilled(shown, '--out', interrupted, '--seed', 'a test');
  }

  const rejected = await rehearse('--out', interrupted, '--seed', 'a test', '--reject-at', '3');
  expect(rejected.code).toBe(5);
  expect(rejected.stderr).toMatch(
    /error REHEARSAL_DEVICE_STOPPED: At the station of Dana: .*reject/,
  );
  expect(rejected.stderr).toContain(interrupted);
  const before = filesOf(interrupted);

  const unplugged = await rehearse('--out', interrupted, '--unplug-at', '200');
  expect(unplugged.code).toBe(5);
  expect(unplugged.stderr).toMatch(/error REHEARSAL_DEVICE_STOPPED: .*connection/);
  // A device that refuses changes nothing, anywhere.
  expect(filesOf(interrupted)).toEqual(before);

  const another = await rehearse('--out', interrupted, '--seed', 'another');
  expect(another).toMatchObject({ code: 2, stderr: expect.stringContaining('REHEARSAL_ANOTHER') });

  const resumed = await rehearse('--json', '--out', interrupted);
  expect(resumed).toMatchObject({ code: 0, stderr: '' });
  const uninterrupted = await rehearse('--json', '--out', straight, '--seed', 'a test');
  expect(uninterrupted.code).toBe(0);
  const { folder: _, ...end } = JSON.parse(uninterrupted.stdout) as Record<string, unknown>;
  expect(JSON.parse(resumed.stdout)).toMatchObject(end);
  expect(end).toMatchObject({ confirmations: 6 });
  expect(filesOf(interrupted)).toEqual(filesOf(straight));

  const after = await rehearse('--out', interrupted);
  expect(after.code).toBe(2);
  expect(after.stderr).toMatch(/^error REHEARSAL_FOLDER_NOT_EMPTY: A rehearsal has ended/);
});

it.each([
  ['no screen', ['--reject-at', '0']],
  ['no number', ['--unplug-at', 'x']],
  ['both', ['--reject-at', '1', '--unplug-at', '1']],
  ['without a Ledger', ['--signers', 'software', '--reject-at', '1']],
])('knows what cannot go wrong: %s', async (_what, argv) => {
  const folder = temporaryFolder();
  const { code, stderr } = await rehearse('--out', folder, ...argv);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error REHEARSAL_MISHAP_INVALID: [^\n]+\n$/);
});
