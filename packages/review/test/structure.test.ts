import { encodeExtendedKey, formatCosignerKey } from '@qoima/policy';
import { GLOBAL, INPUT, OUTPUT, type Psbt, record, type UnsignedTransaction } from '@qoima/psbt';
import { describe, expect, it } from 'vitest';
import { reviewPsbt } from '../src/index.ts';
import { breachTable, findingsIn } from './breach.ts';
import {
  BTC,
  cleanSpend,
  cosigners,
  editGlobal,
  editInput,
  editOutput,
  editRecords,
  editTransaction,
  own,
  put,
  strangerScript,
  without,
} from './spend.ts';

const keyOf = (cosigner: number) => (cosigners[cosigner] as (typeof cosigners)[number]).key;

const withXpub = (cosigner: number, edit: (key: Uint8Array) => Uint8Array, origin = cosigner) => {
  const { key } = cosigners[cosigner] as (typeof cosigners)[number];
  const { origin: from } = cosigners[origin] as (typeof cosigners)[number];
  // One more than the five that are there, whose keys differ in the parent's fingerprint at least.
  const bytes = edit(encodeExtendedKey(key)).fill(0xee, 5, 9);
  return editGlobal(cleanSpend(), put(record(GLOBAL.extendedKey, from, bytes)));
};

const timed = (
  edit: Partial<UnsignedTransaction>,
  sequence?: number,
  at: readonly number[] = [0, 1],
): Psbt =>
  editTransaction(cleanSpend(), (transaction) => ({
    ...transaction,
    inputs: transaction.inputs.map((input, i) =>
      sequence === undefined || !at.includes(i) ? input : { ...input, sequence },
    ),
    ...edit,
  }));

/** A type that no BIP has given away. */
const unknown = (keyData = 0, value = 1) => ({
  type: 0x77,
  keyData: Uint8Array.of(keyData),
  value: new Uint8Array(value),
});
const proprietary = Uint8Array.of(3, 0x61, 0x62, 0x63, 0);

const breaches = breachTable([
  [
    'there are neither inputs nor outputs',
    'block transaction-empty, transaction',
    () =>
      editTransaction({ ...cleanSpend(), inputs: [], outputs: [] }, (transaction) => ({
        ...transaction,
        inputs: [],
        outputs: [],
      })),
  ],
  [
    'inputs may still be added',
    'warn transaction-modifiable, global',
    () => editGlobal(cleanSpend('wsh', 2), put(record(GLOBAL.modifiable, 1))),
  ],
  ['an xpub of a stranger', 'block xpub-foreign, global xpub 3', () => withXpub(5, (key) => key)],
  [
    'an xpub of a cosigner with the origin of another',
    'block xpub-foreign, global xpub 3',
    () => withXpub(4, (key) => key, 3),
  ],
  [
    'an xpub of a cosigner with other version bytes',
    'block xpub-foreign, global xpub 0',
    () => withXpub(4, (key) => key.fill(0, 0, 1)),
  ],
  [
    'an xpub of a cosigner, written for mainnet',
    'block network-other, global xpub 5',
    () => withXpub(4, () => encodeExtendedKey({ ...keyOf(4), network: 'mainnet' })),
  ],
  [
    'an xpub of a cosigner, with another parent',
    'note xpub-parent, global xpub 3',
    () => withXpub(2, (key) => key),
  ],
  [
    'an xpub is left out',
    'note xpub-missing, global',
    () =>
      editGlobal(
        cleanSpend(),
        editRecords(GLOBAL.extendedKey, (one, at) => (at === 2 ? undefined : one)),
      ),
  ],
  [
    'no xpubs at all',
    'note xpub-missing, global',
    () => editGlobal(cleanSpend(), without(GLOBAL.extendedKey)),
  ],
  [
    'an xpub of a cosigner with another chain code',
    'block xpub-foreign, global xpub 3',
    () => withXpub(4, (key) => key.fill(0xff, 13, 14)),
  ],
  [
    'a version that no node relays',
    'warn transaction-version, transaction',
    () => timed({ version: 4 }),
  ],
  ['a version below zero', 'warn transaction-version, transaction', () => timed({ version: -1 })],
  ['a lock time as a height', 'warn lock-time, transaction', () => timed({ lockTime: 900_000 })],
  [
    'a lock time as a time',
    'warn lock-time, transaction',
    () => timed({ lockTime: 4_000_000_000 }),
  ],
  [
    'a coin that has to age for ten blocks',
    'warn sequence-lock, input 1',
    () => timed({}, 10, [1]),
  ],
  [
    'a coin that has to age for some time',
    'warn sequence-lock, input 0',
    () => timed({}, 0x00400001, [0]),
  ],
  [
    'coins that have to age for a block, and one for longer',
    'warn sequence-lock, input 1',
    () =>
      editTransaction(timed({}, 1), (transaction) => ({
        ...transaction,
        inputs: transaction.inputs.map((input, i) => (i === 1 ? { ...input, sequence: 2 } : input)),
      })),
  ],
  [
    'a proprietary field in the global map',
    'note field-unused, global',
    () => editGlobal(cleanSpend(), put(record(GLOBAL.proprietary, Uint8Array.of(1), proprietary))),
  ],
  [
    'an unknown field in an input',
    'note field-unused, input 1',
    () => editInput(cleanSpend(), 1, put(unknown())),
  ],
  [
    'a preimage in an input',
    'note field-unused, input 0',
    () =>
      editInput(cleanSpend(), 0, put(record(INPUT.hash160, new Uint8Array(2), new Uint8Array(20)))),
  ],
  [
    'a taproot field in an output',
    'note field-unused, output 0',
    () => editOutput(cleanSpend(), 0, put(record(OUTPUT.taprootInternalKey, new Uint8Array(32)))),
  ],
]);

describe('the PSBT as a whole', () => {
  it.each(breaches)('$breach: $found', ({ found, psbt, judgedBy }) => {
    expect(findingsIn(psbt(), judgedBy)).toEqual([found]);
  });

  it.each([
    ['a lock time that final sequences switch off', timed({ lockTime: 900_000 }, 0xffffffff)],
    ['a relative lock of nothing', timed({}, 0x00400000)],
    ['a relative lock before version 2', timed({ version: 1 }, 10)],
    ['version 3', timed({ version: 3 })],
    ['sequences that are numbers only', timed({}, 0xfffffffe)],
  ])('passes over %s', (_what, psbt) => {
    expect(findingsIn(psbt)).toEqual([]);
  });

  it.each([
    [timed({ lockTime: 900_000 }), 'No block up to number 900000 may hold this spend.'],
    [timed({ lockTime: 4_000_000_000 }), 'not after 2096-10-02 07:06 UTC may hold'],
    [timed({}, 4320, [0]), 'is 4320 blocks (about 30 d) old.'],
    [timed({}, 0x00400000 + 5063, [0]), 'is 30 d 5 min old.'],
    [timed({}, 0x00400001, [0]), 'is 9 min old.'],
  ])('says in plain words how long a spend has to wait: %#', (psbt, words) => {
    expect(reviewPsbt(psbt, own.wsh).findings[0]?.message).toContain(words);
  });

  it('shows an extended key as the policy does, and other version bytes as what they make of it', () => {
    const stranger = cosigners[5] as (typeof cosigners)[number];
    const parentFingerprint = new Uint8Array(4).fill(0xee);
    const actual = (psbt: Psbt): unknown => reviewPsbt(psbt, own.wsh).findings[0]?.facts['actual'];
    expect(actual(withXpub(5, (key) => key))).toBe(
      formatCosignerKey({ ...stranger, key: { ...stranger.key, parentFingerprint } }),
    );
    // SLIP-132's Vpub: P2WSH on a test network.
    const vpub = actual(
      withXpub(5, (key) => key.fill(0x02, 0, 1).fill(0x57, 1, 2).fill(0x54, 2, 3).fill(0x83, 3, 4)),
    );
    expect(vpub).toMatch(/^\[[0-9a-f]{8}\/48'\/1'\/0'\/2'\]Vpub[1-9A-HJ-NP-Za-km-z]{107}$/);
  });

  it.each([
    [2, 3300],
    [3, 400],
  ])('warns of a transaction of version %i that no node relays for its size', (version, length) => {
    const outputs = Array.from({ length }, (_, i) => ({
      kind: 'payment' as const,
      scriptPubKey: strangerScript,
      amount: 500_000n + BigInt(i),
    }));
    const fee = 2_000_000n;
    const change = 20n * BTC - fee - outputs.reduce((sum, { amount }) => sum + amount, 0n);
    const psbt = cleanSpend('wsh', 0, [...outputs, { kind: 'change', index: 4, amount: change }]);
    const found = (as: number): readonly string[] =>
      findingsIn(editTransaction(psbt, (transaction) => ({ ...transaction, version: as })));
    expect(found(version)).toEqual(['warn transaction-weight, transaction']);
    expect(found(2)).toEqual(length === 400 ? [] : found(version));
  });

  it('tells every unused field of a map in one note', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ ...unknown(i), type: 0x30 + (i % 8) }));
    expect(findingsIn(editInput(cleanSpend(), 0, put(...many)))).toEqual([
      'note field-unused, input 0',
    ]);
  });
});
