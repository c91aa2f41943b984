import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { askNode } from '../src/node-rpc.ts';

const main = fileURLToPath(new URL('../src/regtest/regtest-node-main.ts', import.meta.url));

const start = (...options: readonly string[]): ChildProcess => {
  const child = spawn(
    process.execPath,
    ['--conditions=qoima-source', '--import=tsx', main, ...options],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
};

const startIn = async (dir: string): Promise<{ child: ChildProcess; url: string }> => {
  const child = start('--dir', dir, '--seed-time', '1700000000');
  if (child.stdout === null) throw new Error('its output is a pipe');
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(line).toContain('in memory');
  return { child, url: `http://127.0.0.1:${readFileSync(join(dir, 'port'), 'utf8').trim()}` };
};

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-main-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

it.each([
  ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
  ['a call', (_: ChildProcess, stop: () => Promise<unknown>) => stop()],
])('runs until %s ends it, and leaves nothing behind', async (_, end) => {
  const dir = temporaryFolder();
  const { child, url } = await startIn(dir);
  const node = {
    name: 'a process',
    url,
    cookiePath: join(dir, '.cookie'),
    stop: () => Promise.resolve(),
  };
  await expect(askNode(node, 'getblockcount', [])).resolves.toBe(0);
  const exit = once(child, 'exit');
  await end(child, () => askNode(node, 'stop', []));
  expect(await exit).toEqual([0, null]);
  expect(existsSync(join(dir, 'port'))).toBe(false);
  expect(existsSync(node.cookiePath)).toBe(false);
});

it.each([
  ['no time', ['--dir', '/nowhere']],
  ['something else', ['--dir', '/nowhere', '--seed-time', '1', '--listen']],
])('wants to know folder and time: given %s it says how', async (_, options) => {
  const child = start(...options);
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(2);
});
