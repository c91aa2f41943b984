import { formatHex } from '@qoima/primitives';
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic, wordlists } from 'bip39';
import { signerSoftwareError } from './errors.ts';

const ENGLISH = wordlists['english'] as string[];

/**
 * The English mnemonic of 16, 20, 24, 28 or 32 random bytes: 12 to 24 words with a checksum (BIP-39).
 * It is as secret, and as random, as the bytes are.
 * @throws `SIGNER_ENTROPY_INVALID`
 */
export const generateMnemonic = (entropy: Uint8Array): string => {
  if (![16, 20, 24, 28, 32].includes(entropy.length)) {
    throw signerSoftwareError(
      'SIGNER_ENTROPY_INVALID',
      `There are ${entropy.length} random bytes.`,
    );
  }
  return entropyToMnemonic(formatHex(entropy), ENGLISH);
};

/**
 * Reads an English mnemonic: 12, 15, 18, 21 or 24 words of the list, and their checksum. Case and
 * white space do not matter. Errors say where it is wrong and never which word stands there.
 * @throws `SIGNER_MNEMONIC_INVALID`
 */
export const parseMnemonic = (text: string): string => {
  const words = text.slice(0, MAX_TEXT_LENGTH).normalize('NFKD').toLowerCase().trim().split(/\s+/);
  if (![12, 15, 18, 21, 24].includes(words.length) || text.length > MAX_TEXT_LENGTH) {
    throw invalid('It is not 12, 15, 18, 21 or 24 words long.');
  }
  const unknown = words.findIndex((word) => !ENGLISH.includes(word));
  if (unknown >= 0) throw invalid(`Word ${unknown + 1} is not in the English list.`);
  const mnemonic = words.join(' ');
  if (!validateMnemonic(mnemonic, ENGLISH)) {
    throw invalid('Its checksum does not fit: a word is wrong or out of order.');
  }
  return mnemonic;
};

/**
 * The seed of a mnemonic, 64 bytes, from which BIP-32 makes the master key. Any passphrase gives a
 * seed; none is "wrong".
 * @throws `SIGNER_MNEMONIC_INVALID`
 */
export const mnemonicSeed = (mnemonic: string, passphrase = ''): Uint8Array => {
  const seed = mnemonicToSeedSync(parseMnemonic(mnemonic), passphrase);
  return new Uint8Array(seed.buffer, seed.byteOffset, seed.length);
};

/** 24 words of at most 8 letters, with room for a table's white space. */
const MAX_TEXT_LENGTH = 1000;

const invalid = (why: string): Error =>
  signerSoftwareError('SIGNER_MNEMONIC_INVALID', `This is not a mnemonic. ${why}`);
