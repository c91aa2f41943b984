import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { formatTable } from '@qoima/terminal';
import { type FaultTrial, planFaults, tryFaults } from './fault-trials.ts';
import { type KillTrial, planKills, tryKills } from './kill-trials.ts';
import { stageCeremony } from './staged-steps.ts';

/**
 * `npm run crash`: kills every command of a ceremony at every change that it makes to the disk, then has every one of its
 * calls to the file system fail in every way, and prints what came of it; `--only kills` or `--only faults` does
 * one of the two, `--every 5` each fifth, `--step sign` one command (again for another). `npm test` tries a sample of the same.
 */
const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      every: { type: 'string' },
      step: { type: 'string', multiple: true },
    },
  });
  const { only = 'kills,faults', every = '1', step: wanted } = values;
  // What names nothing would try nothing, and find nothing wrong.
  if (!/^(kills|faults|kills,faults)$/.test(only)) return misused(`--only ${only}`);
  if (!/^[1-9][0-9]{0,5}$/.test(every)) return misused(`--every ${every}`);
  const sample = <Point>(points: readonly Point[]): readonly Point[] =>
    points.filter((_, i) => i % Number(every) === 0);
  const folder = mkdtempSync(join(tmpdir(), 'qoima-crash-'));
  const staged = await stageCeremony(folder);
  const commands: readonly string[] = [...staged.keys()];
  const unknown = wanted?.find((name) => !commands.includes(name));
  if (unknown !== undefined) {
    return misused(`--step ${unknown}`, `The commands are: ${commands.join(', ')}.`);
  }
  const steps = [...staged].filter(([name]) => wanted?.includes(name) ?? true);
  const bad: string[] = [];
  if (only.includes('kills')) {
    const rows: string[][] = [];
    for (const [name, step] of steps) {
      process.stderr.write(`${name}: killed\n`);
      const plan = await planKills(step, folder);
      const trials = await tryKills(step, plan, sample(plan.points), folder);
      rows.push([name, `${plan.effects.length}`, ...killCounts(trials)]);
      process.stderr.write(`  ${rows.at(-1)?.slice(1).join(' ')}\n`);
      bad.push(...trials.flatMap(killProblems));
    }
    show(
      'Killed with SIGKILL in front of, in the middle of and behind every change to the disk, then run again',
      table(['Command', 'Changes', ...KILL_COLUMNS], rows),
    );
  }
  if (only.includes('faults')) {
    const rows: string[][] = [];
    for (const [name, step] of steps) {
      process.stderr.write(`${name}: with faults\n`);
      const { effects, points } = await planFaults(step, folder);
      const trials = await tryFaults(step, sample(points), folder);
      rows.push([name, `${effects}`, ...faultCounts(trials)]);
      bad.push(...trials.flatMap(faultProblems));
    }
    show(
      'Every call to the file system made to fail in seven ways, then run again without the fault',
      table(['Command', 'Calls', ...FAULT_COLUMNS], rows),
    );
  }
  rmSync(folder, { recursive: true });
  show(
    ...bad,
    bad.length === 0
      ? 'Nothing was lost, and nothing came out wrong.'
      : `${bad.length} came out wrong.`,
  );
  return bad.length === 0 ? 0 : 1;
};

const misused = (option: string, hint = ''): number => {
  process.stderr.write(
    `${option} is not understood. --only kills or faults, --every a whole number from 1, --step a command. ${hint}\n`,
  );
  return 2;
};

const show = (...lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n\n`);
};

const KILL_COLUMNS = ['Kills', 'As if nothing', 'Recorded twice', 'Other', 'Said done', 'Wrong'];

const killCounts = (trials: readonly KillTrial[]): readonly string[] => {
  const good = trials.filter(({ problems }) => problems.length === 0);
  const count = (is: (trial: KillTrial) => boolean): string => `${good.filter(is).length}`;
  return [
    `${trials.length}`,
    count(({ difference, isSaidDone }) => difference === 'none' && !isSaidDone),
    count(({ difference }) => difference === 'recorded twice'),
    count(({ difference }) => difference !== 'none' && difference !== 'recorded twice'),
    count(({ difference, isSaidDone }) => difference === 'none' && isSaidDone),
    `${trials.length - good.length}`,
  ];
};

const FAULT_COLUMNS = ['Faults', 'Error, exit 1', 'Done without it', 'Wrong'];

const faultCounts = (trials: readonly FaultTrial[]): readonly string[] => {
  const good = trials.filter(({ problems }) => problems.length === 0);
  return [
    `${trials.length}`,
    `${good.filter(({ code }) => code !== undefined).length}`,
    `${good.filter(({ code }) => code === undefined).length}`,
    `${trials.length - good.length}`,
  ];
};

/** With a last row of sums. */
const table = (titles: readonly string[], rows: readonly string[][]): string => {
  const sums = titles
    .slice(1)
    .map((_, i) => `${rows.reduce((sum, row) => sum + Number(row[i + 1]), 0)}`);
  return formatTable(
    titles.map((title, i) => (i === 0 ? { title } : { title, align: 'right' })),
    [...rows, ['All', ...sums]],
  );
};

const killProblems = ({ step, point, effect, problems }: KillTrial): readonly string[] =>
  problems.map((problem) => `${step}, killed ${point.how} ${point.at} (${effect}): ${problem}`);

const faultProblems = ({ step, fault, effect, problems }: FaultTrial): readonly string[] =>
  problems.map(
    (problem) => `${step}, ${fault.errno}${fault.lasts ? ' lasting' : ''} at ${effect}: ${problem}`,
  );

process.exitCode = await main();
