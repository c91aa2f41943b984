import { createHmac, hash } from 'node:crypto';
import { plain } from './bytes.ts';

/** SHA-256: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => digest('sha256', bytes, 32);

/** SHA-256 twice, as Bitcoin hashes transactions and blocks: 32 bytes. */
export const hash256 = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

/** RIPEMD-160 of SHA-256, as addresses and key fingerprints use it: 20 bytes. */
export const hash160 = (bytes: Uint8Array): Uint8Array => digest('ripemd160', sha256(bytes), 20);

/**
 * By way of a string with one character for each byte: a `Buffer` would be memory of its own outside of
 * the heap, which takes three times as long to have and to give back.
 */
const digest = (
  algorithm: 'sha256' | 'ripemd160',
  bytes: Uint8Array,
  length: number,
): Uint8Array => {
  const characters = hash(algorithm, bytes, 'binary');
  const result = new Uint8Array(length);
  for (let i = 0; i < length; i++) result[i] = characters.charCodeAt(i);
  return result;
};

/** HMAC-SHA-512, as BIP-32 derives with it: 64 bytes. */
export const hmacSha512 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  plain(createHmac('sha512', key).update(message).digest());
