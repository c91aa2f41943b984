import { createHmac, hash } from 'node:crypto';
import { plain } from './bytes.ts';

/** SHA-256: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => plain(hash('sha256', bytes, 'buffer'));

/** SHA-256 twice, as Bitcoin hashes transactions and blocks: 32 bytes. */
export const hash256 = (bytes: Uint8Array): Uint8Array =>
  plain(hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer'));

/** RIPEMD-160 of SHA-256, as addresses and key fingerprints use it: 20 bytes. */
export const hash160 = (bytes: Uint8Array): Uint8Array =>
  plain(hash('ripemd160', hash('sha256', bytes, 'buffer'), 'buffer'));

/** HMAC-SHA-512, as BIP-32 derives with it: 64 bytes. */
export const hmacSha512 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  plain(createHmac('sha512', key).update(message).digest());
