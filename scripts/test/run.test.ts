import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../workspace.ts';

/**
 * A workspace whose npx and compiler are stand-ins that write down how they were called, and whose
 * rehearsal says what it was given: no network, no installation.
 */
const standIn = (npx: string): string => {
  const root = mkdtempSync(join(tmpdir(), 'qoima-run-'));
  roots.push(root);
  const files = {
    'package.json': '{}',
    'pnpm-lock.yaml': '',
    'pnpm-workspace.yaml': '',
    'packages/rehearsal/package.json': '{}',
    'packages/rehearsal/dist/main.js': REHEARSAL,
    'node_modules/typescript/bin/tsc': 'console.log("tsc", ...process.argv.slice(2));',
    'bin/npx': `#!/bin/sh\n${npx}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode: 0o755 });
  }
  cpSync(join(workspaceRoot, 'scripts/run.mjs'), join(root, 'scripts/run.mjs'));
  return root;
};

const REHEARSAL = `
console.log('rehearsal', process.argv.slice(2).join(' '));
if (process.argv[2] === 'wait') setInterval(() => {}, 1000);
else process.exitCode = 4;
`;

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

const environment = (root: string): NodeJS.ProcessEnv => ({
  PATH: `${root}/bin:${process.env['PATH']}`,
});

const run = (root: string, ...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.mjs', ...args], {
    cwd: root,
    env: environment(root),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, stdout, stderr };
};

describe('run.mjs', () => {
  it('installs, compiles, runs the task with its arguments, and has its exit code', () => {
    const root = standIn('echo "$@" >> calls.txt');
    const first = run(root, 'rehearse', '--seed', 'a b');
    expect(first.status).toBe(4);
    expect(first.stdout).toBe('tsc -b packages/rehearsal\nrehearsal --seed a b\n');
    expect(first.stderr).toMatch(/installing with pnpm@.*\n.*compiling/);
  });

  it('installs once, and again when a manifest has changed', () => {
    const root = standIn('exit 0');
    expect(run(root, 'rehearse').stderr).toContain('installing');
    expect(run(root, 'rehearse').stderr).not.toContain('installing');
    writeFileSync(join(root, 'packages/rehearsal/package.json'), '{ "dependencies": {} }');
    expect(run(root, 'rehearse').stderr).toContain('installing');
  });

  it('says in one line that there is no network, and runs nothing', () => {
    const root = standIn('echo "npm error code ENOTFOUND"; echo "npm error and much more"; exit 1');
    const { status, stdout, stderr } = run(root, 'rehearse');
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n').slice(1)).toEqual([
      'qoima: the package registry cannot be reached (ENOTFOUND): go online once and run this again.',
      '',
    ]);
  });

  it('shows what went wrong in an installation that failed otherwise', () => {
    const { status, stderr } = run(standIn('echo "the lockfile is stale"; exit 7'), 'rehearse');
    expect(status).toBe(7);
    expect(stderr).toContain('the lockfile is stale\nqoima: the installation failed');
  });

  it('lists its tasks when asked for another', () => {
    const { status, stdout, stderr } = run(standIn('exit 0'), 'dance');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('  rehearse ');
  });

  it('passes a signal on and ends with its number', async () => {
    const root = standIn('exit 0');
    const child = spawn(process.execPath, ['scripts/run.mjs', 'rehearse', 'wait'], {
      cwd: root,
      env: environment(root),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const code = new Promise((resolve) => {
      child.on('close', resolve);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('rehearsal wait')) child.kill('SIGTERM');
    });
    expect(await code).toBe(128 + 15);
  });
});
