import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { workspaceRoot } from '../workspace.ts';

/** A fenced piece of a Markdown page. */
interface Fence {
  readonly language: string;
  readonly body: string;
}

const fencesOf = (markdown: string): readonly Fence[] =>
  [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
    language,
    body,
  }));

const readme = readFileSync(join(workspaceRoot, 'README.md'), 'utf8');
const [beforeWalk = '', fromWalk = ''] = readme.split('## A ceremony by hand');
const fences = fencesOf(fromWalk);

/** Each block of commands, and what the README shows after it, if anything. */
const steps = fences.flatMap(({ language, body }, i) => {
  const next = fences[i + 1];
  const shown = next?.language === 'text' ? next.body : undefined;
  return language === 'sh' ? [{ commands: body, shown }] : [];
});

/** Matches what a page shows: `…` stands for the rest of a line or, alone on one, for any lines. */
const patternOf = (page: string): RegExp => {
  const lines = page
    .trimEnd()
    .split('\n')
    .map((line) =>
      line === '…'
        ? '(?:.*\\n)*?'
        : `${line.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.*')} *\\n`,
    );
  return new RegExp(`^${lines.join('')}`, 'm');
};

interface Run {
  readonly child: ChildProcess;
  readonly output: NodeJS.ReadableStream;
  readonly ended: Promise<unknown[]>;
}

/** Runs what a reader would type at the top of the workspace, with an empty home and folder. */
const run = (script: string, folder: string): Run => {
  const child = spawn('sh', ['-c', script], {
    cwd: workspaceRoot,
    env: {
      HOME: folder,
      TMPDIR: folder,
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, output: child.stdout, ended: once(child, 'exit') };
};

/** All that it wrote, once it has ended well. */
const outputOf = async ({ output, ended }: Run): Promise<string> => {
  const written = await text(output);
  const [code] = await ended;
  if (code !== 0) throw new Error(`It ended with ${String(code)}:\n${written}`);
  return written;
};

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const LIMIT = { timeout: 180_000 };

it('the ceremony by hand goes as the README says', LIMIT, async () => {
  const folder = temporaryFolder();
  const [build, start, ...walk] = steps;
  // `npm test` has done it before any test begins.
  expect(build?.commands).toBe('npm run build\n');
  const node = run(`exec ${start?.commands}`, folder);
  await once(node.output, 'data');

  const MARK = '--- the next block ---';
  const script = ['set -eu; exec 2>&1', ...walk.map(({ commands }) => commands)];
  const output = await outputOf(run(script.join(`\necho '${MARK}'\n`), folder));
  const [, ...outputs] = output.split(`${MARK}\n`);
  expect(outputs).toHaveLength(walk.length);
  for (const [i, { shown }] of walk.entries()) {
    if (shown !== undefined) expect(outputs[i]).toMatch(patternOf(shown));
  }

  node.child.kill('SIGINT');
  expect(await node.ended).toEqual([0, null]);
});

it('the rehearsal ends as the README says', LIMIT, async () => {
  const command = 'exec node packages/rehearsal/dist/main.js 2>&1';
  const output = await outputOf(run(command, temporaryFolder()));
  const [, end] = fencesOf(beforeWalk);
  expect(output).toMatch(patternOf(end?.body ?? ''));
  expect(beforeWalk).toContain('shows thirteen stages');
  expect(output.match(/: done, /g)).toHaveLength(13);
});

it('the example of the README is docs/example.mjs', () => {
  const example = readFileSync(join(workspaceRoot, 'docs/example.mjs'), 'utf8');
  expect(fences.filter(({ language }) => language === 'js').map(({ body }) => body)).toEqual([
    example,
  ]);
});
