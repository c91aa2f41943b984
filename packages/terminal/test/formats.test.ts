import type { Finding } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { colorsFor } from '../src/colors.ts';
import {
  formatFields,
  formatFindings,
  formatTable,
  groupAddress,
  groupBtc,
  groupSats,
  showAmount,
} from '../src/index.ts';

const off = colorsFor({}, {});

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

describe('addresses', () => {
  it('stand in groups of four', () => {
    expect(groupAddress('bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3')).toBe(
      'bc1q rp33 g0q5 c5tx sp9a rysr x4k6 zdkf s4nc e4xj 0gdc ccef vpys xf3q ccfm v3',
    );
    expect(groupAddress('2N1LGaGg836mqSQqiuUBLfcyGBhyZbremDX')).toBe(
      '2N1L GaGg 836m qSQq iuUB Lfcy GBhy Zbre mDX',
    );
    expect(groupAddress('')).toBe('');
  });
});

describe('amounts', () => {
  it.each([
    [0n, '0.00 000 000', '0'],
    [1n, '0.00 000 001', '1'],
    [12_345n, '0.00 012 345', '12 345'],
    [100_000_000n, '1.00 000 000', '100 000 000'],
    [123_400_012_345n, '1 234.00 012 345', '123 400 012 345'],
    [2_100_000_000_000_000n, '21 000 000.00 000 000', '2 100 000 000 000 000'],
  ])('%s sat', (sats, btc, grouped) => {
    expect(groupBtc(sats)).toBe(btc);
    expect(groupSats(sats)).toBe(grouped);
    expect(showAmount(sats)).toBe(`${btc} BTC (${grouped} sat)`);
  });

  it('are refused out of range', () => {
    expect(() => showAmount(-1n)).toThrow(expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE' }));
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

describe('findings', () => {
  const finding: Finding = {
    rule: 'sighash-not-all',
    severity: 'block',
    where: 'input 3',
    message: 'The signature does not cover all outputs.',
    facts: { expected: 1, actual: 130, other: 'x' },
  };

  it('are lines in their order, with what was expected below', () => {
    const note: Finding = {
      ...finding,
      severity: 'note',
      where: 'policy',
      message: 'Odd.\u001b[2J',
      rule: 'odd',
      facts: {},
    };
    expect(formatFindings([finding, note, { ...note, severity: 'warn' }], off)).toEqual([
      'BLOCK  input 3: The signature does not cover all outputs. [sighash-not-all]',
      '       expected: 1',
      '       actual: 130',
      'note   policy: Odd.\\u{1b}[2J [odd]',
      'WARN   policy: Odd.\\u{1b}[2J [odd]',
    ]);
  });

  it('are red where colours are on', () => {
    expect(formatFindings([finding], colorsFor({ isTTY: true }, {}))[0]).toContain(
      '\u001b[31mBLOCK',
    );
  });
});
