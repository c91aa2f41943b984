import { createHash, createHmac } from 'node:crypto';

const digest = (algorithm: string, bytes: Uint8Array): Uint8Array => {
  const hash = createHash(algorithm).update(bytes).digest();
  return new Uint8Array(hash.buffer, hash.byteOffset, hash.length);
};

/** SHA-256: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => digest('sha256', bytes);

/** SHA-256 twice, as Bitcoin hashes transactions and blocks: 32 bytes. */
export const hash256 = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes));

/** RIPEMD-160 of SHA-256, as addresses and key fingerprints use it: 20 bytes. */
export const hash160 = (bytes: Uint8Array): Uint8Array => digest('ripemd160', sha256(bytes));

/** HMAC-SHA-512, as BIP-32 derives with it: 64 bytes. */
export const hmacSha512 = (key: Uint8Array, message: Uint8Array): Uint8Array => {
  const mac = createHmac('sha512', key).update(message).digest();
  return new Uint8Array(mac.buffer, mac.byteOffset, mac.length);
};
