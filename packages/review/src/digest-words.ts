import { WORDS } from './word-list.ts';

/** One more than a mnemonic has, so that nobody takes a sheet for a seed. */
const WORD_COUNT = 13;
/** 2048 words: each carries so many bits (BIP-39). */
const WORD_BITS = 11n;

/**
 * The first 143 bits of a digest as 13 words of BIP-39's English list, each carrying 11 bits, the first
 * word the first bits: what is read out over a telephone. They are no mnemonic and hold no secret.
 *
 * So many because whoever makes a spend can also search for two that read alike: with 13 words it takes
 * 2⁷¹ tries, with the 8 that would be enough against mishearing 2⁴⁴.
 */
export const digestWords = (digest: Uint8Array): readonly string[] => {
  let bits = 0n;
  for (const byte of digest) bits = (bits << 8n) | BigInt(byte);
  const length = BigInt(digest.length) * 8n;
  return Array.from({ length: WORD_COUNT }, (_, at) => {
    const index = (bits >> (length - WORD_BITS * BigInt(at + 1))) & 0x7ffn;
    return WORDS[Number(index)] as string;
  });
};
