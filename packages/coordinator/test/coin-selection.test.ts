import { feeForVsize, isQoimaError, type Sats } from '@qoima/primitives';
import { estimateVsize } from '@qoima/psbt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectCoins } from '../src/coin-selection.ts';
import type { PolicyCoin } from '../src/policy-coins.ts';
import { scripts } from './sample.ts';

const { policy } = scripts;
const changeScript = scripts.at('change', 0).scriptPubKey;
const scriptPubKey = Uint8Array.of(0, 20, ...new Uint8Array(20).fill(7));
const DUST = 540n;

/** Coins of these amounts, largest first as `policyCoins` gives them. */
const coinsOf = (amounts: readonly Sats[]): readonly PolicyCoin[] =>
  [...amounts]
    .sort((a, b) => (a < b ? 1 : -1))
    .map((amount, index) => ({
      outpoint: { txid: index.toString(16).padStart(64, '0'), vout: 0 },
      amount,
      branch: 'receive',
      index,
      confirmations: 1,
    }));

const select = (
  amounts: readonly Sats[],
  paid: readonly Sats[],
  { all = false, feeRate = 5_000n }: { readonly all?: boolean; readonly feeRate?: bigint } = {},
) =>
  selectCoins({
    policy,
    coins: coinsOf(amounts),
    all,
    payments: paid.map((amount) => ({ scriptPubKey, amount })),
    changeScript,
    feeRate,
  });

const sum = (amounts: readonly Sats[]): Sats => amounts.reduce((a, b) => a + b, 0n);

const feeOf = (count: number, payments: number, change: boolean, feeRate = 5_000n): Sats =>
  feeForVsize(
    feeRate,
    estimateVsize(policy, count, [
      ...Array.from({ length: payments }, () => scriptPubKey),
      ...(change ? [changeScript] : []),
    ]),
  );

describe('the choice of coins', () => {
  const amount = fc.bigInt(0n, 50_000_000n);
  const request = fc.record({
    amounts: fc.array(amount, { minLength: 1, maxLength: 20 }),
    paid: fc.array(fc.bigInt(294n, 100_000_000n), { minLength: 1, maxLength: 4 }),
    all: fc.boolean(),
    feeRate: fc.bigInt(1_000n, 300_000n),
  });

  it('covers payments and fee to the satoshi, or says what is missing', () => {
    let chosen = 0;
    fc.assert(
      fc.property(request, ({ amounts, paid, all, feeRate }) => {
        try {
          const { coins, fee, change } = select(amounts, paid, { all, feeRate });
          chosen++;
          const spent = sum(coins.map((coin) => coin.amount));
          expect(spent).toBe(sum(paid) + fee + (change ?? 0n));
          if (all) expect(coins).toHaveLength(amounts.length);
          if (change === undefined) {
            // What is given up is less than change would cost and still be worth.
            expect(fee).toBeGreaterThanOrEqual(feeOf(coins.length, paid.length, false, feeRate));
            expect(fee).toBeLessThan(feeOf(coins.length, paid.length, true, feeRate) + DUST);
          } else {
            expect(change).toBeGreaterThanOrEqual(DUST);
            expect(fee).toBe(feeOf(coins.length, paid.length, true, feeRate));
          }
        } catch (error) {
          if (!isQoimaError(error, 'COORDINATOR_FUNDS_SHORT')) throw error;
          const { expected, actual, missingSats } = error.details as Record<string, string>;
          expect(BigInt(missingSats as string)).toBeGreaterThan(0n);
          expect(BigInt(expected as string) - BigInt(actual as string)).toBe(
            BigInt(missingSats as string),
          );
          // With exactly so much more in one of the coins, it would have been enough.
          const [first = 0n, ...rest] = [...amounts].sort((a, b) => (a < b ? 1 : -1));
          const more = [first + BigInt(missingSats as string), ...rest];
          expect(() => select(more, paid, { all, feeRate })).not.toThrow();
        }
      }),
      { numRuns: 300 },
    );
    expect(chosen).toBeGreaterThan(30);
  });

  it('takes no more coins than it needs', () => {
    const { coins } = select([400_000n, 300_000n, 200_000n, 100_000n], [500_000n]);
    expect(coins.map(({ amount: one }) => one)).toEqual([400_000n, 300_000n]);
  });

  it('takes all of those that were named, needed or not', () => {
    const { coins } = select([400_000n, 300_000n], [1_000n], { all: true });
    expect(coins).toHaveLength(2);
  });

  it('gives change of dust to the fee instead', () => {
    const fee = feeOf(1, 1, true);
    const least = select([100_000n + fee + DUST], [100_000n]);
    expect(least).toMatchObject({ fee, change: DUST });
    const less = select([100_000n + fee + DUST - 1n], [100_000n]);
    expect(less).toMatchObject({ fee: fee + DUST - 1n, change: undefined });
  });

  it('tells the least that is missing, though small coins cost more than they bring', () => {
    const dear = { feeRate: 100_000n };
    const missing = 1_000_000n + feeOf(1, 1, false, 100_000n) - 1_000_000n;
    const shortfall = expect.objectContaining({
      code: 'COORDINATOR_FUNDS_SHORT',
      details: expect.objectContaining({ missingSats: missing.toString() }),
    });
    expect(() => select([1_000_000n], [1_000_000n], dear)).toThrow(shortfall);
    expect(() => select([1_000_000n, 600n, 600n], [1_000_000n], dear)).toThrow(shortfall);
  });

  it('tells a shortfall in BTC, also one that no amount can hold', () => {
    expect(() => select([100_000_000n], [150_000_000n])).toThrow(
      /The coins to choose from hold 1\.00000000 BTC, and 1\.5\d{7} BTC are needed .*: 0\.5\d{7} BTC are missing\./,
    );
    expect(() => select([1n], [2_100_000_000_000_000n])).toThrow(
      /and more than all 21 million BTC are needed/,
    );
  });

  it('says so when there is nothing to choose from', () => {
    expect(() => select([], [1_000n])).toThrow(/There are no coins to choose from/);
  });

  it('refuses payments that add up to more than can exist', () => {
    expect(() => select([1n], [2_100_000_000_000_000n, 1n])).toThrow(
      expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE' }),
    );
  });
});
