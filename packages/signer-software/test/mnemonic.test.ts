import { formatHex, parseHex } from '@qoima/primitives';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { masterKey } from '../src/extended-private-key.ts';
import { generateMnemonic, mnemonicSeed, parseMnemonic } from '../src/index.ts';

interface MnemonicVector extends VectorEntry {
  readonly mnemonic: string;
  readonly entropy: string;
  readonly passphrase: string;
  readonly seed: string;
  readonly bip32_xprv: string;
}

const { entries } = readVectors<MnemonicVector>('keys/bip39-english.json');
const valid = entries.filter((entry) => entry.kind === 'mnemonic');
const invalid = entries.filter((entry) => entry.kind === 'invalid-mnemonic');
const refused = expect.objectContaining({ code: 'SIGNER_MNEMONIC_INVALID' });

describe('BIP-39, English', () => {
  it.each(valid)('$id: entropy, words, seed and master key', (vector) => {
    expect(generateMnemonic(parseHex(vector.entropy))).toBe(vector.mnemonic);
    expect(parseMnemonic(vector.mnemonic)).toBe(vector.mnemonic);
    const seed = mnemonicSeed(vector.mnemonic, vector.passphrase);
    expect(formatHex(seed)).toBe(vector.seed);
    expect(masterKey(seed).toBase58()).toBe(vector.bip32_xprv);
  });

  it.each(invalid)('$id is refused', ({ mnemonic }) => {
    expect(() => parseMnemonic(mnemonic)).toThrow(refused);
  });
});

describe('a mnemonic', () => {
  const words = `${'abandon '.repeat(11)}about`;

  it('may stand in any case and white space', () => {
    expect(parseMnemonic(` ${words.toUpperCase().replaceAll(' ', '\n\t ')}\r\n`)).toBe(words);
  });

  it.each([
    ['no words', '', 'words long'],
    ['11 words', 'abandon '.repeat(11), 'words long'],
    ['13 words', 'abandon '.repeat(13), 'words long'],
    ['text without end', 'abandon '.repeat(1000), 'words long'],
    ['an unknown word', words.replace('abandon about', 'abandn about'), 'Word 11 is not'],
    ['the wrong checksum', words.replace('about', 'zoo'), 'checksum'],
    ['words out of order', `about ${'abandon '.repeat(11)}`, 'checksum'],
  ])('of %s is refused, and says why', (_, text, why) => {
    expect(() => parseMnemonic(text)).toThrow(why);
    expect(() => mnemonicSeed(text)).toThrow(refused);
  });

  it('never stands in an error, and neither does a word of it', () => {
    const secret = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
    const damaged = fc
      .constantFrom(...secret.split(' ').keys())
      .chain((at) =>
        fc.constantFrom('zzz', 'zoo', '').map((word) => secret.split(' ').with(at, word).join(' ')),
      );
    fc.assert(
      fc.property(damaged, (text) => {
        const error = errorOf(() => parseMnemonic(text));
        const shown = `${error.message} ${error.stack} ${JSON.stringify(error)}`;
        for (const word of ['winner', 'thank', 'sausage', 'yellow', 'zzz', 'zoo']) {
          expect(shown).not.toMatch(new RegExp(`\\b${word}\\b`));
        }
        expect(error.cause).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });

  it('takes its passphrase in NFKD', () => {
    expect(mnemonicSeed(words, 'é')).toEqual(mnemonicSeed(words, 'e\u0301'));
    expect(mnemonicSeed(words, '')).toEqual(mnemonicSeed(words));
    expect(mnemonicSeed(words, ' ')).not.toEqual(mnemonicSeed(words));
  });
});

describe('entropy', () => {
  it.each([
    [16, 12],
    [20, 15],
    [24, 18],
    [28, 21],
    [32, 24],
  ])('of %i bytes makes %i words', (length, count) => {
    const mnemonic = generateMnemonic(new Uint8Array(length).fill(0x7f));
    expect(mnemonic.split(' ')).toHaveLength(count);
    expect(parseMnemonic(mnemonic)).toBe(mnemonic);
  });

  it.each([0, 12, 15, 17, 33, 64])('of %i bytes makes none', (length) => {
    expect(() => generateMnemonic(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'SIGNER_ENTROPY_INVALID' }),
    );
  });
});

const errorOf = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};
