import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RULES } from '@qoima/review';
import { hostileCases } from './corpus.ts';
import type { HostileCase } from './hostile-case.ts';

/** What another program made of an attack and its clean sibling. */
export interface TargetVerdict {
  readonly id: string;
  readonly wanted: 'refuse' | 'tell';
  readonly attack: number;
  readonly clean: number;
  /** True if it refused what has to be refused, and took the clean one. */
  readonly good: boolean;
}

/**
 * Gives every PSBT of the corpus, as a path behind `command`, to a program that is set up for the policies
 * in `setup/`. It is to end with an exit code other than 0 for what a rule blocks or no reader may take,
 * and with 0 for the clean sibling. What a rule warns of or notes, and what only an approved digest or a
 * memory can tell, it may take.
 */
export const judgeTarget = (command: string): readonly TargetVerdict[] => {
  const folder = mkdtempSync(join(tmpdir(), 'qoima-target-'));
  try {
    return hostileCases
      .filter(({ kind }) => kind === 'psbt' || kind === 'returned')
      .map((one) => {
        const run = (name: 'attack' | 'clean'): number => {
          const path = join(folder, `${one.id}-${name}.psbt`);
          writeFileSync(path, one.files[name]);
          return exitCode(command, path, one.policy);
        };
        const wanted = mustRefuse(one) ? 'refuse' : 'tell';
        const [attack, clean] = [run('attack'), run('clean')];
        return {
          id: one.id,
          wanted,
          attack,
          clean,
          good: clean === 0 && (wanted === 'tell' || attack !== 0),
        };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Through a shell, as it was typed; `{policy}` in it is the name of the policy. */
const exitCode = (command: string, path: string, policy: string): number => {
  const line = `${command.replaceAll('{policy}', `'Corpus ${policy}'`)} "$1"`;
  const { status, error } = spawnSync('sh', ['-c', line, 'sh', path], { stdio: 'ignore' });
  if (error !== undefined) throw error;
  return status ?? 128;
};

const severityOf = new Map(
  RULES.map(({ id, severity, local }) => [id, local === true ? 'local' : severity]),
);

const mustRefuse = ({ expected: { rule, station } }: HostileCase): boolean =>
  rule === null
    ? station.some(({ command, code }) => command === 'inspect' && code !== null)
    : severityOf.get(rule) === 'block';

export const formatTarget = (verdicts: readonly TargetVerdict[]): string => {
  const width = Math.max(...verdicts.map(({ id }) => id.length));
  const end = (exit: number): string => (exit === 0 ? 'taken' : `refused (${exit})`);
  const bad = verdicts.filter(({ good }) => !good).length;
  return [
    ...verdicts.map(({ id, wanted, attack, clean, good }) =>
      [
        id.padEnd(width),
        `attack ${end(attack)}`.padEnd(21),
        `sibling ${end(clean)}`.padEnd(22),
        good
          ? wanted === 'refuse'
            ? 'as expected'
            : 'may be taken, if it is told'
          : 'NOT AS EXPECTED',
      ].join('  '),
    ),
    '',
    `${verdicts.length} attacks, ${bad === 0 ? 'all as expected' : `${bad} NOT as expected`}`,
  ].join('\n');
};
