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
 * (BIP-146), and so is an uncompressed key (BIP-143). Returns false, and does not throw, for a key or
 * signature that cannot be.
 */
export const verifyEcdsa = (
  hash: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean => {
  try {
    return publicKey.length === 33 && secp256k1.verify(hash, publicKey, signature, true);
  } catch {
    return false;
  }
};

/** Adds scalars (32 bytes) to one public key: `publicKey + scalar·G`, compressed. */
export type PublicKeyTweaker = (scalar: Uint8Array) => Uint8Array | undefined;

/**
 * A public key taken apart once, for many scalars. The tweaker gives undefined when the scalar is not
 * below the order, when the sum is the point at infinity (BIP-32 then says: take the next index), and
 * always for bytes that are no compressed key.
 *
 * libsecp256k1's own addition of a scalar (`pointAddScalar`) multiplies both points, as a verification
 * does; a multiplication of the generator alone and one addition give the same point in two thirds of
 * the time.
 */
export const publicKeyTweaker = (publicKey: Uint8Array): PublicKeyTweaker => {
  if (!isPublicKey(publicKey)) return () => undefined;
  const point = secp256k1.pointCompress(publicKey, false);
  return (scalar) => {
    try {
      if (scalar.length === 32 && scalar.every((byte) => byte === 0)) return publicKey.slice();
      const added = secp256k1.pointFromScalar(scalar, false);
      return (added && secp256k1.pointAdd(point, added, true)) ?? undefined;
    } catch {
      return undefined;
    }
  };
};

/** One sum of `publicKeyTweaker`. */
export const tweakPublicKey = (publicKey: Uint8Array, scalar: Uint8Array): Uint8Array | undefined =>
  publicKeyTweaker(publicKey)(scalar);
