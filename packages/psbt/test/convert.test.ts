import { describe, expect, it } from 'vitest';
import {
  assemblePsbt,
  convertPsbt,
  decodePsbt,
  encodePsbt,
  fieldOf,
  GLOBAL,
  INPUT,
  type Psbt,
  psbtErrors,
  record,
} from '../src/index.ts';
import { bytesOf, errorOf, psbtEntries, titleOf } from './psbt-vectors.ts';

describe('convertPsbt', () => {
  for (const entry of psbtEntries('psbt/bip370.json', 'valid', 'locktime')) {
    const psbt = decodePsbt(bytesOf(entry));
    const flags = fieldOf(psbt.global, GLOBAL.modifiable) ?? 0;
    if (flags !== 0) {
      it(`refuses flags that version 0 cannot carry: ${titleOf(entry)}`, () => {
        const error = errorOf(() => convertPsbt(psbt, 0));
        expect(error.code).toBe('PSBT_NOT_CONVERTIBLE');
        expect(error.details['actual']).toBe(flags);
        expect(psbtErrors['PSBT_NOT_CONVERTIBLE']?.kind).toBe('refused');
      });
      continue;
    }
    it(`keeps the transaction: ${titleOf(entry)}`, () => {
      const converted = convertPsbt(psbt, 0);
      const decoded = decodePsbt(encodePsbt(converted));
      expect(decoded).toEqual(converted);
      expect(decoded.transaction).toEqual(psbt.transaction);
      // What asked for the lock time is spent in it; the rest comes back.
      const back = convertPsbt(decoded, 2);
      expect(back.transaction).toEqual(psbt.transaction);
      expect(fieldOf(back.global, GLOBAL.fallbackLockTime)).toBe(psbt.transaction.lockTime);
      for (const map of back.inputs) expect(fieldOf(map, INPUT.requiredHeight)).toBeUndefined();
    });
  }

  it('returns a PSBT of the version asked for as it is', () => {
    for (const path of ['psbt/bip174-valid.json', 'psbt/bip370.json']) {
      for (const entry of psbtEntries(path, 'valid')) {
        const psbt = decodePsbt(bytesOf(entry));
        expect(convertPsbt(psbt, psbt.version)).toBe(psbt);
      }
    }
  });

  it('leaves out flags that say nothing', () => {
    const psbt = convertPsbt(decodePsbt(bytesOf(vector('bip174-valid-04'))), 2);
    const flagged: Psbt = { ...psbt, global: [...psbt.global, record(GLOBAL.modifiable, 0)] };
    expect(convertPsbt(flagged, 0).global).toHaveLength(1);
  });

  it('keeps every record that is not about the transaction', () => {
    for (const entry of psbtEntries('psbt/bip174-valid.json', 'valid')) {
      const psbt = decodePsbt(bytesOf(entry));
      const converted = convertPsbt(psbt, 2);
      psbt.inputs.forEach((map, i) => {
        for (const kept of map) expect(converted.inputs[i]).toContainEqual(kept);
      });
      psbt.outputs.forEach((map, i) => {
        for (const kept of map) expect(converted.outputs[i]).toContainEqual(kept);
      });
    }
  });
});

const vector = (id: string): ReturnType<typeof psbtEntries>[number] => {
  const found = psbtEntries('psbt/bip174-valid.json', 'valid').find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
};

describe('assemblePsbt', () => {
  it('wants one map for each input and output', () => {
    const transaction = { version: 2, lockTime: 0, inputs: [], outputs: [] };
    expect(() => assemblePsbt(0, transaction, { global: [], inputs: [[]], outputs: [] })).toThrow(
      /one map for each/,
    );
  });
});
