import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Breach, formatBreach } from './breach.ts';
import { checkFences } from './check-fences.ts';
import { checkLayers } from './check-layers.ts';
import { checkVectors } from './check-vectors.ts';
import { checkErrorsDoc } from './errors-doc.ts';
import { checkRulesDoc } from './rules-doc.ts';
import { workspaceRoot } from './workspace.ts';

/** What a step came to: undefined when all is well, else what to show. */
type Verdict = string | undefined;

interface Step {
  readonly name: string;
  readonly what: string;
  readonly run: (root: string) => Verdict | Promise<Verdict>;
}

/** A program of node_modules whose output is shown when it fails. */
const program =
  (name: string, ...args: readonly string[]) =>
  (root: string): Verdict => {
    const path = join(root, 'node_modules', '.bin', name);
    const { status, stdout, stderr, error } = spawnSync(path, args, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return status === 0 ? undefined : `${error?.message ?? ''}${stdout}${stderr}`;
  };

const breaches =
  (check: (root: string) => readonly Breach[] | Promise<readonly Breach[]>) =>
  async (root: string): Promise<Verdict> => {
    const found = await check(root);
    return found.length === 0 ? undefined : found.map(formatBreach).join('\n');
  };

/** A check that throws has found something that it did not expect: that is a failure like any other. */
const verdictOf = async (run: Step['run'], root: string): Promise<Verdict> => {
  try {
    return await run(root);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
};

const steps: readonly Step[] = [
  { name: 'format', what: 'Biome would change nothing', run: program('biome', 'check') },
  {
    name: 'types',
    what: 'sources, tests, benches and scripts',
    run: program('tsc', '-b'),
  },
  {
    name: 'lint',
    what: 'oxlint, with types',
    run: program('oxlint', '--type-aware', '--format=unix'),
  },
  {
    name: 'dead-code',
    what: 'knip',
    run: program('knip', '--no-config-hints'),
  },
  { name: 'layers', what: 'the tables of docs/architecture.md', run: breaches(checkLayers) },
  { name: 'fences', what: 'the installed closures of the programs', run: breaches(checkFences) },
  { name: 'vectors', what: 'provenance of test-vectors/', run: breaches(checkVectors) },
  { name: 'errors', what: 'error tables and docs/errors.md', run: breaches(checkErrorsDoc) },
  {
    name: 'rules',
    what: 'rules of the review and docs/review-rules.md',
    run: breaches(checkRulesDoc),
  },
  {
    name: 'tests',
    what: 'vitest',
    run: program('vitest', 'run', '--config=scripts/vitest.config.ts'),
  },
];

/** Runs the steps one after another, all of them, and says which failed. */
const verify = async (root: string, wanted: readonly Step[]): Promise<number> => {
  const failed: string[] = [];
  for (const { name, what, run } of wanted) {
    process.stdout.write(`${name.padEnd(10)} ${what} … `);
    const start = performance.now();
    const verdict = await verdictOf(run, root);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`${verdict === undefined ? 'ok' : 'FAILED'} (${seconds} s)\n`);
    if (verdict !== undefined) {
      failed.push(name);
      process.stdout.write(`${verdict.trimEnd()}\n\n`);
    }
  }
  process.stdout.write(
    failed.length === 0 ? 'verified\n' : `not verified: ${failed.join(', ')} failed\n`,
  );
  return failed.length === 0 ? 0 : 1;
};

const { values } = parseArgs({
  options: { 'without-tests': { type: 'boolean' }, only: { type: 'string' } },
});
const only = values.only?.split(',');
const unknown = only?.filter((name) => !steps.some((step) => step.name === name)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`no step ${unknown.join()}: ${steps.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 2;
} else {
  const wanted = steps
    .filter(({ name }) => only === undefined || only.includes(name))
    .filter(({ name }) => values['without-tests'] !== true || name !== 'tests');
  process.exitCode = await verify(workspaceRoot, wanted);
}
