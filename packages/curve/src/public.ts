import * as secp256k1 from 'tiny-secp256k1';

/**
 * Public operations: no secret passes here, so this file is the one place where a faster verifier
 * may be put in.
 */

/** True for 33 bytes that are a point of the curve in compressed form. */
export const isPublicKey = (publicKey: Uint8Array): boolean =>
  publicKey.length === 33 && secp256k1.isPointCompressed(publicKey);

/**
 * ECDSA over a 32-byte hash. `signature` is r ‖ s, 64 bytes; an s above half the order is refused
 * (BIP-146). Returns false, and does not throw, for a key or signature that cannot be.
 */
export const verifyEcdsa = (
  hash: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean => {
  try {
    return secp256k1.verify(hash, publicKey, signature, true);
  } catch {
    return false;
  }
};

/**
 * `publicKey + scalar·G`, compressed; undefined when the scalar is not below the order or the sum is
 * the point at infinity (BIP-32 then says: take the next index).
 */
export const tweakPublicKey = (
  publicKey: Uint8Array,
  scalar: Uint8Array,
): Uint8Array | undefined => {
  try {
    return secp256k1.pointAddScalar(publicKey, scalar, true) ?? undefined;
  } catch {
    return undefined;
  }
};
