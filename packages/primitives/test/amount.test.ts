import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSats, formatBtc, MAX_SATS, parseBtc, parseSats, sumSats } from '../src/index.ts';

const amounts = fc.bigInt({ min: 0n, max: MAX_SATS });
const invalid = expect.objectContaining({ code: 'AMOUNT_INVALID' });
const outOfRange = expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE' });

describe('bitcoin', () => {
  it.each([
    ['0', 0n],
    ['0.0', 0n],
    ['0.00000001', 1n],
    ['0.1', 10_000_000n],
    ['1', 100_000_000n],
    ['1.00000000', 100_000_000n],
    ['20999999.99999999', MAX_SATS - 1n],
    ['21000000', MAX_SATS],
  ])('%s is read exactly', (text, sats) => {
    expect(parseBtc(text)).toBe(sats);
  });

  it.each([
    '',
    ' ',
    '1 ',
    ' 1',
    '1\n',
    '.5',
    '5.',
    '00.5',
    '01',
    '-1',
    '+1',
    '-0',
    '1e3',
    '1E3',
    '0x10',
    '1,000',
    '1_000',
    '1.000000000',
    '0.000000001',
    '1.2.3',
    'NaN',
    'Infinity',
    '١',
    '１',
    '99999999999',
  ])('%j is no amount', (text) => {
    expect(() => parseBtc(text)).toThrow(invalid);
  });

  it.each(['21000000.00000001', '9999999999'])('%s is more than there will be', (text) => {
    expect(() => parseBtc(text)).toThrow(outOfRange);
  });

  it.each([
    [0n, '0.00000000'],
    [1n, '0.00000001'],
    [MAX_SATS, '21000000.00000000'],
  ])('%s satoshis are written with all decimals', (sats, text) => {
    expect(formatBtc(sats)).toBe(text);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(amounts, (sats) => {
        expect(parseBtc(formatBtc(sats))).toBe(sats);
      }),
    );
  });
});

describe('satoshis', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(amounts, (sats) => {
        expect(parseSats(sats.toString())).toBe(sats);
      }),
    );
  });

  it.each(['', '1.0', '01', '-1', '+1', '1e3', '0x1', ' 1', '1n', '1'.repeat(20)])(
    '%j is no number of them',
    (text) => {
      expect(() => parseSats(text)).toThrow(invalid);
    },
  );

  it.each(['2100000000000001', '9223372036854775807'])('%s are too many', (text) => {
    expect(() => parseSats(text)).toThrow(outOfRange);
  });

  it.each([0n, 1n, MAX_SATS])('%s may be an amount', (sats) => {
    expect(checkSats(sats)).toBe(sats);
  });

  it.each([-1n, MAX_SATS + 1n, 1n << 64n])('%s may not', (sats) => {
    expect(() => checkSats(sats)).toThrow(outOfRange);
    expect(() => formatBtc(sats)).toThrow(outOfRange);
  });
});

describe('a sum', () => {
  it('of nothing is nothing', () => {
    expect(sumSats([])).toBe(0n);
  });

  it('is exact', () => {
    expect(sumSats([1n, MAX_SATS - 1n])).toBe(MAX_SATS);
  });

  it.each([
    ['runs over', [MAX_SATS, 1n]],
    ['runs over on the way', [MAX_SATS, 1n, -1n]],
    ['holds what is no amount', [2n, -1n]],
  ])('that %s is refused', (_, values) => {
    expect(() => sumSats(values)).toThrow(outOfRange);
  });

  it('says what it is of', () => {
    expect(() => sumSats([MAX_SATS, 1n], 'The sum of the inputs')).toThrow(
      /^The sum of the inputs is 2100000000000001 satoshis\. /,
    );
  });
});
