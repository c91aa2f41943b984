/** Adds scalars (32 bytes) to one public key: `publicKey + scalar·G`, a point of 65 bytes. */
export type PublicKeyTweaker = (scalar: Uint8Array) => Uint8Array | undefined;

/**
 * The public operations of one implementation of secp256k1. Each of them takes any bytes at all and
 * does not throw.
 */
export interface PublicCurve {
  /** `native`: libsecp256k1 compiled for this machine. `wasm`: libsecp256k1 as WebAssembly. */
  readonly name: 'native' | 'wasm';
  /** True for 33 bytes that are a point of the curve in compressed form. */
  isPublicKey(publicKey: Uint8Array): boolean;
  /** The point of a compressed key; undefined for whatever is none. */
  pointOf(publicKey: Uint8Array): Uint8Array | undefined;
  /** ECDSA with a key of 33 bytes or a point of 65, and a low s; false for whatever cannot be. */
  verifyEcdsa(hash: Uint8Array, key: Uint8Array, signature: Uint8Array): boolean;
  /** Takes a key apart once, for many scalars. */
  publicKeyTweaker(publicKey: Uint8Array): PublicKeyTweaker;
}

/** Bytes of the wrong length or value make libraries throw: here they are only not good. */
export const resultOf = <T>(compute: () => T): T | undefined => {
  try {
    return compute();
  } catch {
    return undefined;
  }
};

/** True for the two forms that `verifyEcdsa` takes: libraries also take hybrid points (06 and 07). */
export const isKeyOrPoint = (key: Uint8Array): boolean =>
  key.length === 33 || (key.length === 65 && key[0] === 4);
