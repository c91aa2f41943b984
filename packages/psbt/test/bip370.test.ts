import { describe, expect, it } from 'vitest';
import { decodePsbt } from '../src/index.ts';
import {
  bytesOf,
  codeOf,
  encodedAgain,
  parsedForms,
  psbtEntries,
  titleOf,
} from './psbt-vectors.ts';

const path = 'psbt/bip370.json';

describe('BIP-370: version 2 that parses and serialises to the same bytes', () => {
  for (const entry of psbtEntries(path, 'valid', 'locktime')) {
    it(titleOf(entry), () => {
      for (const psbt of parsedForms(entry)) expect(psbt.version).toBe(2);
      expect(encodedAgain(bytesOf(entry))).toEqual(bytesOf(entry));
    });
  }
});

describe('BIP-370: what a parser refuses', () => {
  const codeFor = (description = ''): string =>
    description.includes('missing')
      ? 'PSBT_FIELD_MISSING'
      : description.includes('LOCKTIME of') || description.includes('LOCKTIME less')
        ? 'PSBT_FIELD_INVALID'
        : description.includes('LOCKTIME greater')
          ? 'PSBT_FIELD_INVALID'
          : 'PSBT_FIELD_FORBIDDEN';
  for (const entry of psbtEntries(path, 'invalid')) {
    it(titleOf(entry), () => {
      expect(codeOf(() => parsedForms(entry))).toBe(codeFor(entry.description));
    });
  }
});

describe('BIP-370: lock time determination', () => {
  for (const entry of psbtEntries(path, 'locktime')) {
    it(titleOf(entry), () => {
      expect(decodePsbt(bytesOf(entry)).transaction.lockTime).toBe(entry.expected_locktime);
    });
  }
});
