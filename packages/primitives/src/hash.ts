import { createHmac, hash } from 'node:crypto';

/** SHA-256: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array =>
  bytesOf(hash('sha256', bytes, 'binary'), 32);

/** SHA-256 twice, as Bitcoin hashes transactions and blocks: 32 bytes. */
export const hash256 = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

/** RIPEMD-160 of SHA-256, as addresses and key fingerprints use it: 20 bytes. */
export const hash160 = (bytes: Uint8Array): Uint8Array =>
  bytesOf(hash('ripemd160', sha256(bytes), 'binary'), 20);

/** HMAC-SHA-512, as BIP-32 derives with it: 64 bytes. */
export const hmacSha512 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  bytesOf(createHmac('sha512', key).update(message).digest('binary'), 64);

/**
 * A hash that came as a string with one character for each byte. As a `Buffer` it would be memory of its
 * own outside of the heap, which takes three times as long to have and to give back.
 */
const bytesOf = (characters: string, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
};
