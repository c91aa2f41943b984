import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  codeOf,
  encodedAgain,
  parsedForms,
  psbtEntries,
  titleOf,
} from './psbt-vectors.ts';

describe('BIP-373: MuSig2 fields', () => {
  for (const entry of psbtEntries('psbt/bip373.json', 'valid')) {
    it(titleOf(entry), () => {
      expect(encodedAgain(bytesOf(entry))).toEqual(bytesOf(entry));
    });
  }
  for (const entry of psbtEntries('psbt/bip373.json', 'invalid')) {
    it(titleOf(entry), () => {
      expect(codeOf(() => parsedForms(entry))).toBe('PSBT_FIELD_INVALID');
    });
  }
});
