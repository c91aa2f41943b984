import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  combinePsbts,
  convertPsbt,
  createPsbt,
  encodePsbt,
  fieldOf,
  GLOBAL,
  INPUT,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  record,
  sortedMap,
  withoutTypes,
  withRecords,
} from '../src/index.ts';
import { strangerScript, testCoins, testWallet } from './wallet.ts';

const { scripts } = testWallet();
const base = createPsbt({
  scripts,
  coins: testCoins(scripts, 2),
  outputs: [{ kind: 'payment', scriptPubKey: strangerScript(), amount: 150_000n }],
});
const two = convertPsbt(base, 2);
const withFlags = (flags: number): Psbt => ({
  ...two,
  global: withRecords(two.global, [record(GLOBAL.modifiable, flags)]),
});
const withInput = (psbt: Psbt, index: number, change: (map: PsbtMap) => PsbtMap): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) => (i === index ? change(map) : map)),
});

describe('combinePsbts', () => {
  it('gives one PSBT back in the order of its keys', () => {
    const shuffled = { ...base, inputs: base.inputs.map((map) => map.toReversed()) };
    expect(combinePsbts([shuffled])).toStrictEqual(base);
    expect(combinePsbts([base])).toStrictEqual(base);
  });

  it('wants at least one', () => {
    expect(() => combinePsbts([])).toThrow(expect.objectContaining({ code: 'PSBT_EMPTY' }));
  });

  it('names the key that has two values', () => {
    const key = new Uint8Array(33).fill(2);
    const signed = (value: number) =>
      withInput(base, 1, (map) =>
        withRecords(map, [record(INPUT.partialSignature, Uint8Array.of(value), key)]),
      );
    expect(() => combinePsbts([signed(1), base, signed(2)])).toThrow(
      expect.objectContaining({
        code: 'PSBT_FIELD_CONFLICT',
        details: { map: 'input 1', type: '0x02', keyData: '02'.repeat(33), values: ['01', '02'] },
      }),
    );
  });

  it.each<[string, string, Psbt]>([
    ['another transaction', 'PSBT_TRANSACTION_DIFFERS', withTransaction({ lockTime: 1 })],
    ['another version', 'PSBT_VERSION_DIFFERS', two],
  ])('refuses %s', (_name, code, other) => {
    expect(() => combinePsbts([base, other])).toThrow(expect.objectContaining({ code }));
    expect(() => combinePsbts([other, base])).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [3, 3, 3],
    [3, 0, 0],
    [1, 3, 1],
    [3, 4, 4],
    [7, 3, 7],
    [7, 0, 4],
  ])('modifiable flags %i and %i become %i (BIP-370)', (a, b, expected) => {
    const combined = combinePsbts([withFlags(a), withFlags(b)]);
    expect(fieldOf(combined.global, GLOBAL.modifiable)).toBe(expected);
    expect(combinePsbts([withFlags(b), withFlags(a)])).toStrictEqual(combined);
  });

  it('nothing is modifiable once one says nothing of it', () => {
    expect(fieldOf(combinePsbts([withFlags(3), two]).global, GLOBAL.modifiable)).toBe(0);
  });

  it('refuses lock times that agree one by one and not together', () => {
    const wanting = (index: number, ...records: readonly PsbtRecord[]): Psbt => {
      const psbt = withInput(two, index, (map) => withRecords(map, records));
      return { ...psbt, transaction: { ...psbt.transaction, lockTime: 700_000_000 } };
    };
    const time = record(INPUT.requiredTime, 700_000_000);
    const first = wanting(0, time);
    const both = wanting(1, time, record(INPUT.requiredHeight, 800_000));
    // The second alone is locked by height, and must say so; here it is taken at its word.
    expect(() => combinePsbts([both])).toThrow(
      expect.objectContaining({ code: 'PSBT_TRANSACTION_DIFFERS' }),
    );
    expect(combinePsbts([first]).transaction.lockTime).toBe(700_000_000);
  });

  it('does not care for order, grouping or repetition', () => {
    const records = fc.uniqueArray(
      fc.record({ type: fc.constantFrom(0xd0, 0xd1, 0xd2), key: fc.nat(3) }),
      { selector: ({ type, key }) => `${type} ${key}`, maxLength: 8 },
    );
    const psbts = fc.array(fc.tuple(records, records, records), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(psbts, (lists) => {
        const [a, b, c] = lists.map(([global, first, second]): Psbt => {
          const maps = [first, second].map((list, i) =>
            withRecords(base.inputs[i]!, list.map(made)),
          );
          return { ...base, global: withRecords(base.global, global.map(made)), inputs: maps };
        }) as [Psbt, Psbt, Psbt];
        const all = combinePsbts([a, b, c]);
        expect(combinePsbts([c, a, b])).toStrictEqual(all);
        expect(combinePsbts([combinePsbts([a, b]), c])).toStrictEqual(all);
        expect(combinePsbts([a, combinePsbts([b, c])])).toStrictEqual(all);
        expect(combinePsbts([all, a, all])).toStrictEqual(all);
        expect(encodePsbt(combinePsbts([a, a]))).toStrictEqual(encodePsbt(combinePsbts([a])));
        expect(all.inputs.every((map) => sortedMap(map).every((each, i) => each === map[i]))).toBe(
          true,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('adds up what parts of a PSBT have', () => {
    const parts = base.inputs[0]!.map((_, kept) =>
      withInput(base, 0, (map) => map.filter((__, i) => i === kept)),
    );
    expect(combinePsbts(parts)).toStrictEqual(base);
    const bare = {
      ...base,
      inputs: base.inputs.map((map) => withoutTypes(map, new Set([1, 3, 5, 6]))),
    };
    expect(combinePsbts([bare, base])).toStrictEqual(base);
  });
});

const made = ({ type, key }: { readonly type: number; readonly key: number }): PsbtRecord => ({
  type,
  keyData: Uint8Array.of(key),
  // The value follows from the key, so that there is never a conflict.
  value: Uint8Array.of(type, key),
});

function withTransaction(change: Partial<Psbt['transaction']>): Psbt {
  return { ...base, transaction: { ...base.transaction, ...change } };
}
