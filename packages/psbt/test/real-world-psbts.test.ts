import { isQoimaError, parseBase64 } from '@qoima/primitives';
import { describe, expect, it } from 'vitest';
import { readVectors } from '../../../scripts/read-vectors.ts';
import { encodedAgain } from './psbt-vectors.ts';

/** Every PSBT in an entry, wherever it stands; base64 of the magic begins with these letters. */
const psbtsIn = (entry: unknown): readonly string[] =>
  typeof entry === 'string'
    ? entry.startsWith('cHNidP')
      ? [entry]
      : []
    : typeof entry === 'object' && entry !== null
      ? Object.values(entry).flatMap(psbtsIn)
      : [];

const trailing =
  'a PSBT without outputs has no output map, and bitcoinjs-lib writes one: trailing bytes (BIP-174)';

/** Cases that others take and Qoima refuses: the code, and why. */
const deviations: Record<string, [code: string, reason: string]> = {
  'rw-027': [
    'PSBT_FIELD_INVALID',
    'BIP-370 wants the counts as compact sizes; these have four bytes. Bitcoin Core refuses it too.',
  ],
  'bitcoinjs-combiner-01': [
    'PSBT_FIELD_FORBIDDEN',
    'older than BIP-370: its unknown type 0x0f became PSBT_IN_OUTPUT_INDEX, which version 0 excludes',
  ],
  'bitcoinjs-addInput-03': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-updateInput-00': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-addOutput-03': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-addOutput-04': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-addOutput-05': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-addOutput-06': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-signInput-04': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-signInput-05': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-signInput-06': ['PSBT_TRAILING_BYTES', trailing],
  'bitcoinjs-signInput-07': ['PSBT_TRAILING_BYTES', trailing],
};

const files = [
  'multisig/real-world-psbts.json',
  'multisig/core-generated-3of5.json',
  'multisig/caravan-fixtures.json',
  'psbt/bitcoinjs-psbt.json',
  'psbt/bip174-roundtrip.json',
];

describe.each(files)('PSBTs of %s', (path) => {
  for (const entry of readVectors(path).entries) {
    const psbts = psbtsIn(entry);
    if (psbts.length === 0) continue;
    const [code, reason] = deviations[entry.id] ?? [];
    it(`${entry.id}${reason === undefined ? '' : ` (refused: ${reason})`}`, () => {
      const refused = new Set<string>();
      for (const base64 of psbts) {
        const bytes = parseBase64(base64);
        try {
          expect(encodedAgain(bytes)).toEqual(bytes);
        } catch (error) {
          if (!isQoimaError(error)) throw error;
          refused.add(error.code);
        }
      }
      expect([...refused]).toEqual(code === undefined ? [] : [code]);
    });
  }
});
