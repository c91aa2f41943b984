import { judgeDevice } from './device-side.ts';
import { judgeHost } from './host-side.ts';
import { readRecordings } from './recordings.ts';
import { judgeTransaction } from './transactions.ts';
import { failed, type Verdict } from './verdict.ts';

/** What was judged, and what came of it on each side. */
export interface ReportRow {
  readonly name: string;
  readonly verdicts: Readonly<Partial<Record<Side, Verdict>>>;
}

const sides = ['host', 'device', 'transaction'] as const;
type Side = (typeof sides)[number];

/**
 * Every recording and every finished transaction of a folder, judged. What cannot be read or played has
 * failed; nothing is left out. @throws Error if there are no recordings
 */
export const conformanceOf = async (folder: string): Promise<readonly ReportRow[]> => {
  const recordings = readRecordings(folder);
  const rows: ReportRow[] = recordings.unread.map(({ name, problem }) => ({
    name,
    verdicts: { host: failed(`not understood: ${problem}`) },
  }));
  for (const recording of recordings.recordings) {
    const host = await judged(() => judgeHost(recording, recordings.wallets));
    const device = await judged(() => judgeDevice(recording, recordings.wallets));
    rows.push({ name: recording.vector.name, verdicts: { host, device } });
  }
  for (const recorded of recordings.transactions) {
    const transaction = await judged(() => judgeTransaction(recorded, recordings));
    rows.push({ name: recorded.name, verdicts: { transaction } });
  }
  return rows;
};

/** A defect of a judge, or of what it judges, is a failure of that row and not of the whole. */
const judged = async (judge: () => Promise<Verdict>): Promise<Verdict> => {
  try {
    return await judge();
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
};

export const hasFailed = (rows: readonly ReportRow[]): boolean =>
  rows.some(({ verdicts }) => Object.values(verdicts).some(({ kind }) => kind === 'failed'));

/** A line for each row, and a tally for each side. */
export const formatReport = (rows: readonly ReportRow[]): string => {
  const width = Math.max(...rows.map(({ name }) => name.length), 'recording'.length);
  const line = (name: string, kinds: readonly string[], reasons: string): string =>
    [name.padEnd(width), ...kinds.map((kind) => kind.padEnd(COLUMN)), reasons].join('  ').trimEnd();
  return [
    line('recording', sides, ''),
    ...rows.map(({ name, verdicts }) =>
      line(
        name,
        sides.map((side) => verdicts[side]?.kind ?? '–'),
        reasonsOf(verdicts),
      ),
    ),
    '',
    ...sides.map((side) => tally(side, rows)),
  ].join('\n');
};

const COLUMN = 'transaction'.length;

const reasonsOf = (verdicts: ReportRow['verdicts']): string =>
  sides
    .flatMap((side) => {
      const verdict = verdicts[side];
      return verdict === undefined || verdict.kind === 'passed'
        ? []
        : [`${side}: ${verdict.reason}`];
    })
    .join('; ');

const tally = (side: Side, rows: readonly ReportRow[]): string => {
  const count = (kind: Verdict['kind']): number =>
    rows.filter(({ verdicts }) => verdicts[side]?.kind === kind).length;
  return `${side.padEnd(COLUMN)}  ${count('passed')} passed, ${count('listed')} listed with a reason, ${count('failed')} failed`;
};
