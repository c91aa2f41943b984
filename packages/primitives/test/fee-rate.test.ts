import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feeForVsize, feeRateOf, formatFeeRate, parseFeeRate } from '../src/index.ts';

describe('a fee rate', () => {
  it.each([
    ['1', 1000n, '1'],
    ['12.5', 12_500n, '12.5'],
    ['0.001', 1n, '0.001'],
    ['0.10', 100n, '0.1'],
    ['10.000', 10_000n, '10'],
    ['999999.999', 999_999_999n, '999999.999'],
  ])('%s is %s sat per 1000 vB', (text, rate, formatted) => {
    expect(parseFeeRate(text)).toBe(rate);
    expect(formatFeeRate(rate)).toBe(formatted);
  });

  it.each(['', '0', '0.000', '-1', '+1', '1e2', '.5', '1.', '01', '1.0001', '1000000', 'x', ' 1'])(
    '%j is none',
    (text) => {
      expect(() => parseFeeRate(text)).toThrow(
        expect.objectContaining({ code: 'FEE_RATE_INVALID' }),
      );
    },
  );

  it.each([
    [1000n, 141, 141n],
    [1001n, 141, 142n],
    [1n, 1, 1n],
    [12_500n, 3, 38n],
    [1000n, 0, 0n],
  ])('of %s over %i vB costs %s', (rate, vsize, fee) => {
    expect(feeForVsize(rate, vsize)).toBe(fee);
  });

  it('is reached by its fee, and not by a satoshi less', () => {
    const rates = fc.bigInt({ min: 1n, max: 999_999_999n });
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 400_000 }), (rate, vsize) => {
        const fee = feeForVsize(rate, vsize);
        expect(feeRateOf(fee, vsize)).toBeGreaterThanOrEqual(rate);
        expect((fee - 1n) * 1000n).toBeLessThan(rate * BigInt(vsize));
        expect(parseFeeRate(formatFeeRate(rate))).toBe(rate);
      }),
    );
  });

  it('of a fee is rounded down', () => {
    expect(feeRateOf(100n, 3)).toBe(33_333n);
  });
});
