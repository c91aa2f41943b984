import { parseArgs } from 'node:util';
import { journalProperties } from '../packages/journal/fuzz/journal-properties.ts';
import { emulatorProperties } from '../packages/ledger-emulator/fuzz/emulator-properties.ts';
import { policyProperties } from '../packages/policy/fuzz/policy-properties.ts';
import { primitivesProperties } from '../packages/primitives/fuzz/primitives-properties.ts';
import { oracleProperties } from '../packages/psbt/fuzz/oracle-properties.ts';
import { psbtProperties } from '../packages/psbt/fuzz/psbt-properties.ts';
import { proposalProperties } from './fuzz/proposal-properties.ts';
import { spendProperties } from './fuzz/spend-properties.ts';
import { FUZZ_SEED, type FuzzProperty } from './fuzz-property.ts';
import { formatTable } from './text-table.ts';

const properties: readonly FuzzProperty[] = [
  ...primitivesProperties,
  ...policyProperties,
  ...journalProperties,
  ...psbtProperties,
  ...proposalProperties,
  ...spendProperties,
  ...emulatorProperties,
  ...oracleProperties,
];

/** Runs the properties one after another with their long budgets, and prints what each came to. */
const fuzz = async (
  wanted: readonly FuzzProperty[],
  factor: number,
  seed: number,
): Promise<number> => {
  const rows: string[][] = [];
  const failures: string[] = [];
  let total = 0;
  const begin = performance.now();
  for (const { name, cases, run } of wanted) {
    process.stderr.write(`qoima: fuzz ${name} …\n`);
    const start = performance.now();
    const runs = Math.ceil(cases.long * factor);
    const failure = await run(runs, seed);
    if (failure !== undefined) failures.push(`${name}\n${failure}`);
    total += runs;
    rows.push([name, String(runs), seconds(start), failure === undefined ? '0' : '1']);
  }
  rows.push(['all', String(total), seconds(begin), String(failures.length)]);
  console.log(formatTable(['property', 'cases', 'seconds', 'found'], rows));
  for (const failure of failures) console.error(`\n${failure}`);
  return failures.length === 0 ? 0 : 1;
};

const seconds = (start: number): string => ((performance.now() - start) / 1000).toFixed(1);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    factor: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(FUZZ_SEED) },
  },
});
const wanted = properties.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
const factor = Number(values.factor);
const seed = Number(values.seed);
if (wanted.length === 0 || !(factor > 0) || !Number.isSafeInteger(seed)) {
  const names = properties.map(({ name }) => `  ${name}\n`).join('');
  process.stderr.write(
    `usage: npm run fuzz -- [part of a name …] [--factor N] [--seed N]\n${names}`,
  );
  process.exitCode = 2;
} else {
  process.exitCode = await fuzz(wanted, factor, seed);
}
