import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  codeOf,
  encodedAgain,
  parsedForms,
  psbtEntries,
  titleOf,
} from './psbt-vectors.ts';

describe('BIP-174: PSBTs that parse and serialise to the same bytes', () => {
  const entries = [
    ...psbtEntries('psbt/bip174-valid.json', 'valid'),
    // The Signer has to refuse these, but they are well formed.
    ...psbtEntries('psbt/bip174-signer-must-fail.json', 'signer-must-fail'),
  ];
  for (const entry of entries) {
    it(titleOf(entry), () => {
      for (const psbt of parsedForms(entry)) expect(psbt.version).toBe(0);
      expect(encodedAgain(bytesOf(entry))).toEqual(bytesOf(entry));
    });
  }
});

describe('BIP-174: PSBTs that a parser refuses', () => {
  const codes: Record<string, string> = {
    'bip174-invalid-00': 'PSBT_NOT_A_PSBT',
    'bip174-invalid-01': 'PSBT_TRUNCATED',
  };
  for (const entry of psbtEntries('psbt/bip174-invalid.json', 'invalid')) {
    it(titleOf(entry), () => {
      expect(codeOf(() => parsedForms(entry))).toBe(codes[entry.id] ?? 'PSBT_FIELD_INVALID');
    });
  }
});
