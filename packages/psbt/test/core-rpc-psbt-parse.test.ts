import { describe, expect, it } from 'vitest';
import { convertPsbt, decodePsbt, unsignedTransactionId } from '../src/index.ts';
import {
  bytesOf,
  codeOf,
  encodedAgain,
  type PsbtEntry,
  parsedForms,
  psbtEntries,
} from './psbt-vectors.ts';

describe('Bitcoin Core rpc_psbt.json', () => {
  const path = 'psbt/core-rpc_psbt.json';
  for (const entry of psbtEntries(path, 'valid')) {
    it(`takes ${entry.id}`, () => {
      expect(encodedAgain(bytesOf(entry))).toEqual(bytesOf(entry));
    });
  }
  for (const entry of psbtEntries(path, 'invalid')) {
    it(`refuses ${entry.id} ${entry.core_error ?? ''}`, () => {
      expect(codeOf(() => parsedForms(entry))).toMatch(/^PSBT_/);
    });
  }
});

describe('a PSBT without inputs', () => {
  // Its unsigned transaction reads like one with a witness if taken for a network transaction.
  const entry = psbtEntries('psbt/core-rpc_psbt.json', 'valid').find(
    ({ id }) => id === 'core-valid-05',
  ) as PsbtEntry;
  it('has an id, and goes to version 2 and back', () => {
    const psbt = decodePsbt(bytesOf(entry));
    expect(psbt.transaction.inputs).toEqual([]);
    expect(unsignedTransactionId(psbt)).toMatch(/^[0-9a-f]{64}$/);
    expect(convertPsbt(convertPsbt(psbt, 2), 0)).toEqual(psbt);
  });
});

describe('HWI', () => {
  for (const entry of psbtEntries('psbt/hwi-extra.json', 'valid')) {
    it(`takes ${entry.id}`, () => {
      expect(encodedAgain(bytesOf(entry))).toEqual(bytesOf(entry));
    });
  }
});
