import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { processOf } from '@qoima/journal';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeFolder } from '../src/running.ts';

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-running-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

const idleProcess = async (): Promise<ChildProcess & { readonly pid: number }> => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
};

const noted = (folder: string, note: unknown): void =>
  writeFileSync(join(folder, 'running.json'), JSON.stringify(note));

describe('a folder of a rehearsal', () => {
  it('is not taken from one that runs', async () => {
    const [folder, other] = [temporaryFolder(), await idleProcess()];
    noted(folder, { rehearsal: processOf(other.pid), program: null });
    await expect(takeFolder(folder)).rejects.toMatchObject({ code: 'REHEARSAL_RUNNING' });
  });

  it('is taken once the program that a dead one has left has ended', async () => {
    const [folder, first, other] = [temporaryFolder(), await idleProcess(), await idleProcess()];
    const dead = processOf(first.pid);
    first.kill('SIGKILL');
    await once(first, 'exit');
    noted(folder, { rehearsal: dead, program: processOf(other.pid) });
    let isTaken = false;
    const taken = takeFolder(folder).then((running) => {
      isTaken = true;
      return running;
    });
    const ended = once(other, 'exit').then(() => isTaken);
    other.kill('SIGKILL');
    expect(await ended).toBe(false);
    const running = await taken;
    running.program(process.pid);
    running.end();
    expect(existsSync(join(folder, 'running.json'))).toBe(false);
  });
});
