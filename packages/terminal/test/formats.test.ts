import { describe, expect, it } from 'vitest';
import { colorsFor } from '../src/colors.ts';
import { formatFields, formatTable } from '../src/index.ts';

describe('colours', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{ isTTY: false }, {}, false],
    [{}, {}, false],
  ])('%j with %j: %s', (stream, env, enabled) => {
    const colors = colorsFor(stream, env);
    expect(colors.enabled).toBe(enabled);
    expect(colors.red('x')).toBe(enabled ? '\u001b[31mx\u001b[39m' : 'x');
  });
});

describe('tables', () => {
  it('line up, numbers to the right, without rules or colours', () => {
    const table = formatTable(
      [{ title: 'name' }, { title: 'sat', align: 'right' }],
      [
        ['Ayan', '1 000'],
        ['金庫', '20'],
      ],
    );
    expect(table.split('\n')).toEqual(['name     sat', 'Ayan   1 000', '金庫      20']);
  });

  it('show a title alone when there are no rows', () => {
    expect(formatTable([{ title: 'a' }, { title: 'b' }], [])).toBe('a   b');
  });

  it('make foreign text safe, and keep a cell on its line', () => {
    expect(formatTable([{ title: 'a' }], [['x\u001b[2J\ny']]).split('\n')).toEqual([
      'a',
      'x\\u{1b}[2J\\u{a}y',
    ]);
  });

  it('set names beside values', () => {
    expect(
      formatFields([
        ['fee', '1'],
        ['fee rate', '2'],
      ]),
    ).toBe('fee        1\nfee rate   2');
  });
});
