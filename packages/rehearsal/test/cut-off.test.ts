import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('cut-off-main.ts', import.meta.url));

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-cut-off-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

it('goes on from every kind of act, and ends as if nothing had happened', {
  timeout: 600_000,
}, async () => {
  const child = spawn(process.execPath, ['--import=tsx', main, temporaryFolder()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { cutOff, end } = JSON.parse(stdout) as Record<string, unknown>;
  expect(cutOff).toHaveLength(14);
  // As the README shows it, and each deed recorded once.
  expect(end).toEqual({
    policyId: 'b039155b558dd3ca86ef31a3dea9c6a2540142d2622075dd602c766d64c2bf3f',
    txid: '180871fb7e2ecaaff3e813c1cb1f0cd5fdb133f9970189d8b88c4e144580afb4',
    confirmations: 6,
    journals: { coordinator: 10, Aigerim: 3, Bolat: 2, Dana: 3, Erlan: 2, Fatima: 3 },
  });
});
