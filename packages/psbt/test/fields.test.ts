import { parseHex } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import {
  compareKeys,
  decodePsbt,
  type Field,
  fieldOf,
  fieldsOf,
  GLOBAL,
  INPUT,
  OUTPUT,
  type PsbtRecord,
  record,
  sortedMap,
  withoutTypes,
  withRecords,
} from '../src/index.ts';
import { bytesOf, codeOf, type PsbtEntry, psbtEntries } from './psbt-vectors.ts';

/** One P2WSH input of 2-of-2, with global xpubs; no signatures. */
const psbt = decodePsbt(bytesOf(psbtEntries('psbt/bip174-valid.json', 'valid')[5] as PsbtEntry));

const publicKey = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

type Row = Pick<Field<unknown, unknown>, 'name' | 'type' | 'required' | 'allowed'>;

describe('the tables', () => {
  it.each<[string, Readonly<Record<string, Row>>, RegExp]>([
    ['GLOBAL', GLOBAL, /^PSBT_GLOBAL_/],
    ['INPUT', INPUT, /^PSBT_IN_/],
    ['OUTPUT', OUTPUT, /^PSBT_OUT_/],
  ])('%s has each type and name once', (_, table, prefix) => {
    const fields = Object.values(table);
    expect(new Set(fields.map(({ type }) => type)).size).toBe(fields.length);
    expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length);
    for (const { name, required, allowed } of fields) {
      expect(name).toMatch(prefix);
      for (const version of required) expect(allowed).toContain(version);
    }
  });
});

describe('fieldOf and fieldsOf', () => {
  const [map = []] = psbt.inputs;

  it('give the typed values of records', () => {
    expect(fieldOf(map, INPUT.witnessUtxo)?.amount).toBe(500_000_000n);
    expect(fieldOf(map, INPUT.witnessScript)?.length).toBe(71);
    expect(fieldOf(map, INPUT.sighashType)).toBeUndefined();
    const derivations = fieldsOf(map, INPUT.derivation);
    expect(derivations).toHaveLength(2);
    for (const { key, value } of derivations) {
      expect(key).toHaveLength(33);
      expect(value.fingerprint).toHaveLength(4);
      expect(value.path.at(-1)).toBe(0);
    }
    expect(fieldsOf(psbt.global, GLOBAL.extendedKey)).toHaveLength(2);
    expect(fieldsOf(map, INPUT.partialSignature)).toEqual([]);
  });
});

describe('record', () => {
  it('holds what fieldOf reads', () => {
    const origin = { fingerprint: Uint8Array.of(1, 2, 3, 4), path: [0x80000030, 0xffffffff, 0] };
    const map = [
      record(INPUT.derivation, origin, publicKey),
      record(INPUT.sighashType, 1),
      record(INPUT.finalScriptWitness, [new Uint8Array(), publicKey]),
      record(INPUT.requiredHeight, 499_999_999),
      record(OUTPUT.amount, 2_100_000_000_000_000n),
      record(GLOBAL.transactionVersion, -1),
    ];
    expect(fieldsOf(map, INPUT.derivation)).toEqual([{ key: publicKey, value: origin }]);
    expect(fieldOf(map, INPUT.finalScriptWitness)).toEqual([new Uint8Array(), publicKey]);
    expect(fieldOf(map, INPUT.requiredHeight)).toBe(499_999_999);
    expect(fieldOf(map.slice(4), OUTPUT.amount)).toBe(2_100_000_000_000_000n);
    expect(fieldOf(map.slice(5), GLOBAL.transactionVersion)).toBe(-1);
  });

  it.each<[string, () => PsbtRecord]>([
    ['a key of another shape', () => record(INPUT.partialSignature, publicKey, publicKey.slice(1))],
    ['an empty signature', () => record(INPUT.partialSignature, new Uint8Array(), publicKey)],
    ['an amount above 21 million', () => record(OUTPUT.amount, 2_100_000_000_000_001n)],
    ['an amount below zero', () => record(OUTPUT.amount, -1n)],
    ['a height of zero', () => record(INPUT.requiredHeight, 0)],
    ['a number above its bytes', () => record(INPUT.sighashType, 2 ** 32 + 1)],
    ['a number below zero', () => record(INPUT.outputIndex, -1)],
    ['a byte of 257', () => record(GLOBAL.modifiable, 257)],
    ['a count of one and a half', () => record(GLOBAL.inputCount, 1.5)],
    ['no number', () => record(INPUT.sequence, Number.NaN)],
    ['an amount above 64 bits', () => record(OUTPUT.amount, 2n ** 64n + 5n)],
    [
      'a step above its bytes',
      () =>
        record(INPUT.derivation, { fingerprint: new Uint8Array(4), path: [2 ** 32] }, publicKey),
    ],
    [
      'an extended key of another depth than its path',
      () => {
        const [own] = fieldsOf(psbt.global, GLOBAL.extendedKey);
        return record(GLOBAL.extendedKey, { ...own!.value, path: [0] }, own!.key);
      },
    ],
    ['a txid of 31 bytes', () => record(INPUT.previousTxid, new Uint8Array(31))],
    ['bytes that are no transaction', () => record(INPUT.nonWitnessUtxo, publicKey)],
  ])('refuses %s', (_, make) => {
    expect(codeOf(make)).toBe('PSBT_FIELD_INVALID');
  });
});

describe('maps', () => {
  const of = (type: number, key: number, value = 0): PsbtRecord => ({
    type,
    keyData: Uint8Array.of(key),
    value: Uint8Array.of(value),
  });

  it('are in order by type, then by key data', () => {
    const shuffled = [of(6, 2), of(300, 0), of(2, 9), of(6, 1)];
    expect(sortedMap(shuffled)).toEqual([of(2, 9), of(6, 1), of(6, 2), of(300, 0)]);
    expect(compareKeys(of(2, 9), of(2, 9, 1))).toBe(0);
  });

  it('take records in at their place, and replace those with the same key', () => {
    const map = [of(2, 5), of(6, 1), of(8, 0)];
    expect(withRecords(map, [of(6, 0), of(8, 0, 7), of(9, 0), of(2, 5, 1)])).toEqual([
      of(2, 5, 1),
      of(6, 0),
      of(6, 1),
      of(8, 0, 7),
      of(9, 0),
    ]);
    expect(map).toEqual([of(2, 5), of(6, 1), of(8, 0)]);
  });

  it('let types go', () => {
    expect(withoutTypes([of(2, 5), of(6, 1), of(8, 0)], new Set([2, 8]))).toEqual([of(6, 1)]);
  });
});
