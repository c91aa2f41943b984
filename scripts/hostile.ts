import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hostileCases } from './hostile/corpus.ts';
import { openHomes } from './hostile/homes.ts';
import { judgeCase, type Verdict } from './hostile/judge.ts';
import { formatVerdicts } from './hostile/report.ts';
import { formatTarget, judgeTarget } from './hostile/target.ts';
import { writeCorpus } from './hostile/tree.ts';
import { workspaceRoot } from './workspace.ts';

const USAGE = `usage: npm run hostile -- [option]
  (none)               every attack on both programs
  --target <command>   every PSBT on another program, its path behind the command; {policy} is the policy’s name
  --homes <folder>     make homes of both programs there, as the corpus has them, to be named in --target
  --write              write test-vectors/spends/hostile anew`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      homes: { type: 'string' },
      write: { type: 'boolean' },
    },
  });
  if (values.write === true) {
    console.log(`${writeCorpus(workspaceRoot)} files changed, ${hostileCases.length} attacks`);
    return 0;
  }
  if (values.homes !== undefined) {
    const { npm_lifecycle_event: task, INIT_CWD: caller = '.' } = process.env;
    const { station, coordinator } = await openHomes(
      resolve(task === 'hostile' ? caller : '.', values.homes),
    );
    console.log(`${station}\n${coordinator}`);
    return 0;
  }
  if (values.target !== undefined) {
    const verdicts = judgeTarget(values.target);
    console.log(formatTarget(verdicts));
    return verdicts.every(({ good }) => good) ? 0 : 3;
  }
  const homes = await openHomes();
  try {
    const verdicts: Verdict[] = [];
    for (const one of hostileCases) verdicts.push(await judgeCase(one, homes));
    console.log(formatVerdicts(verdicts));
    return verdicts.every(({ problems }) => problems.length === 0) ? 0 : 3;
  } finally {
    homes.remove();
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
