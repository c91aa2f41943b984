import type { Verdict } from './judge.ts';

/** A line for each attack, and what was not as expected below it; then the tally. */
export const formatVerdicts = (verdicts: readonly Verdict[]): string => {
  const rows = verdicts.map(({ one, ends, clean, problems }) => ({
    cells: [
      one.kind,
      one.id,
      refusedBy(one),
      ends.station.join(', ') || '–',
      ends.coordinator.join(', ') || '–',
      clean ? 'clean' : 'NOT CLEAN',
      problems.length === 0 ? 'as expected' : 'NOT AS EXPECTED',
    ],
    problems,
  }));
  const heads = ['kind', 'attack', 'found by', 'station', 'coordinator', 'sibling', ''];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map(({ cells }) => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(heads),
    ...rows.flatMap(({ cells, problems }) => [line(cells), ...problems.map((one) => `    ${one}`)]),
    '',
    tally(verdicts),
  ].join('\n');
};

/** The rule of the review, or the first code that refuses it. */
const refusedBy = ({ expected: { rule, station, coordinator } }: Verdict['one']): string =>
  rule ?? [...station, ...coordinator].find(({ code }) => code !== null)?.code ?? 'told';

const tally = (verdicts: readonly Verdict[]): string => {
  const bad = verdicts.filter(({ problems }) => problems.length > 0).length;
  const clean = verdicts.filter((verdict) => verdict.clean).length;
  const words = bad === 0 ? 'all as expected' : `${bad} NOT as expected`;
  return `${verdicts.length} attacks, ${words}; ${clean} clean siblings without a finding. The exit codes of each command stand beside it.`;
};
