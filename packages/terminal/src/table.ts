import Table from 'cli-table3';
import { printable } from './printable.ts';

/** One column of a table; numbers and amounts stand to the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines of cells under their titles, without rules. Cells are made `printable` here. */
export const formatTable = (
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string =>
  render(
    [columns.map((column) => column.title), ...rows],
    columns.map((column) => column.align ?? 'left'),
  );

/** A name and a value on each line, the values below each other. Both are made `printable` here. */
export const formatFields = (fields: readonly (readonly [name: string, value: string])[]): string =>
  render(fields, ['left', 'left']);

const render = (
  rows: readonly (readonly string[])[],
  alignments: readonly ('left' | 'right')[],
): string => {
  const table = new Table({
    chars: NO_RULES,
    colAligns: [...alignments],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => row.map(printable)));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
};

const NO_RULES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['top', 'bottom'].flatMap((side) =>
      ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, '']),
    ),
  ),
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '   ',
};
