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

const main = fileURLToPath(new URL('cut-off-main.ts', import.meta.url));

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-cut-off-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

it('goes on from every kind of act, and ends as if nothing had happened', {
  timeout: 600_000,
}, async () => {
  const [straight, cutOff] = [temporaryFolder(), temporaryFolder()];
  const child = spawn(process.execPath, ['--import=tsx', main, straight, cutOff], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { acts, expected, actual } = JSON.parse(stdout) as Record<string, unknown>;
  expect(acts).toHaveLength(14);
  expect(expected).toMatchObject({ confirmations: 6 });
  expect(actual).toEqual(expected);
  expect(filesOf(cutOff)).toEqual(filesOf(straight));
});
