import { formatOutpoint, type Sats } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { reviewPsbt, type SpendRecord, spendMemory } from '../src/index.ts';
import { findingsIn } from './breach.ts';
import { BTC, cleanSpend, coinOf, own } from './spend.ts';

const clean = cleanSpend();
const { txid, digest } = reviewPsbt(clean, own.wsh);
const [first, second] = ['receive', 'change'].map((_, i) =>
  formatOutpoint(coinOf(own.wsh, i === 0 ? 'receive' : 'change', i === 0 ? 0 : 3).outpoint),
) as [string, string];

/** A transaction, its coins, and their amounts where they are known. */
type Spend = readonly [txid: string, ...coins: (readonly [outpoint: string, amount?: Sats])[]];

/** The spends of a month, in their order. */
const records = (...spends: readonly Spend[]): readonly SpendRecord[] =>
  spends.map(([id, ...coins], day) => ({
    txid: id,
    time: `2026-01-${day + 10}T12:00:00.000Z`,
    coins: coins.map(([outpoint, amount]) => ({ outpoint, amount })),
  }));

const other = 'ab'.repeat(32);
const another = 'cd'.repeat(32);
const elsewhere = `${other}:0`;
const both: [[string], [string]] = [[first], [second]];

const found = (spends: readonly Spend[]): readonly string[] =>
  findingsIn(clean, { context: { memory: spendMemory(records(...spends)) } });

describe('a memory', () => {
  it.each([
    ['nothing', []],
    ['another coin', [[other, [elsewhere]]]],
    ['the transaction itself', [[txid, ...both]]],
    [
      'the transaction itself, twice',
      [
        [txid, ...both],
        [txid, ...both],
      ],
    ],
    [
      'the transaction and the one that it replaced',
      [
        [other, [first]],
        [txid, ...both],
      ],
    ],
    ['the same amounts', [[txid, [first, 10n * BTC], [second, 10n * BTC]]]],
  ] satisfies [string, Spend[]][])('of %s says nothing', (_what, spends) => {
    expect(found(spends)).toEqual([]);
  });

  it.each([
    [
      'a coin of another amount',
      [[txid, [first, 10n * BTC - 1n]]],
      ['block history-amount-differs, input 0'],
    ],
    [
      'a coin of another amount in another spend',
      [[other, [first, BTC]]],
      ['block history-amount-differs, input 0', 'warn history-coin-signed, input 0'],
    ],
    ['a coin in another spend', [[other, [second]]], ['warn history-coin-signed, input 1']],
    [
      'both coins in other spends',
      [
        [other, [first]],
        [another, [second]],
      ],
      ['warn history-coin-signed, input 0', 'warn history-coin-signed, input 1'],
    ],
    [
      'a later spend of a coin',
      [
        [txid, ...both],
        [other, [second]],
      ],
      ['block history-superseded, transaction'],
    ],
    [
      'a later spend, and one before',
      [
        [other, [first]],
        [txid, ...both],
        [another, [first]],
      ],
      ['block history-superseded, transaction'],
    ],
  ] satisfies [string, Spend[], string[]][])('of %s says so', (_what, spends, findings) => {
    expect(found(spends)).toEqual(findings);
  });

  it('knows what was withdrawn: it may be replaced, and not signed', () => {
    const [record] = records([other, [first]]);
    const withdrawn = { ...(record as SpendRecord), withdrawn: '2026-02-01T12:00:00.000Z' };
    const judged = (spend: SpendRecord) =>
      findingsIn(clean, { context: { memory: spendMemory([spend]) } });
    expect(judged(withdrawn)).toEqual([]);
    expect(judged({ ...withdrawn, txid })).toEqual(['block history-superseded, transaction']);
  });

  it('tells which spends, and when', () => {
    const memory = spendMemory(records([other, [first]], [another, [first]]));
    const [finding] = reviewPsbt(clean, own.wsh, { memory }).findings;
    expect(finding?.facts).toEqual({ outpoint: first, earlier: [other, another] });
    expect(finding?.message).toContain('2026-01-11T12:00:00.000Z');
  });

  it('is not in the digest, which every machine shares', () => {
    const memory = spendMemory(records([other, [first, BTC]]));
    const report = reviewPsbt(clean, own.wsh, { memory });
    expect(report.findings).toHaveLength(2);
    expect(report.digest).toBe(digest);
  });
});
