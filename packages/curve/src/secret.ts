import * as secp256k1 from 'tiny-secp256k1';

/**
 * Secret operations. Behind a subpath of its own (`@qoima/curve/secret`), so that the layer check can
 * prove that no online program holds key code.
 */

/** True for 32 bytes in 1 … n − 1. */
export const isSecretKey = (secret: Uint8Array): boolean =>
  secret.length === 32 && secp256k1.isPrivate(secret);

/** The compressed public key, 33 bytes, of a valid secret key. */
export const publicKeyOf = (secret: Uint8Array): Uint8Array => {
  const publicKey = secp256k1.pointFromScalar(secret, true);
  if (publicKey === null) throw new Error('a valid secret key always has a public key');
  return publicKey;
};

/** Deterministic ECDSA (RFC 6979, low s) over a 32-byte hash: r ‖ s, 64 bytes. */
export const signEcdsa = (hash: Uint8Array, secret: Uint8Array): Uint8Array =>
  secp256k1.sign(hash, secret);

/** As `signEcdsa`, with what is needed to recover the public key: bit 0 says that R has an odd y. */
export const signEcdsaRecoverable = (
  hash: Uint8Array,
  secret: Uint8Array,
): { readonly compact: Uint8Array; readonly recoveryId: number } => {
  const { signature, recoveryId } = secp256k1.signRecoverable(hash, secret);
  return { compact: signature, recoveryId };
};

/** `secret + scalar` modulo the order; undefined when that is zero or the scalar is out of range. */
export const tweakSecretKey = (secret: Uint8Array, scalar: Uint8Array): Uint8Array | undefined => {
  try {
    return secp256k1.privateAdd(secret, scalar) ?? undefined;
  } catch {
    return undefined;
  }
};
