import { env } from 'node:process';
import { loadNativeCurve } from './native-curve.ts';
import type { PublicCurve, PublicKeyTweaker } from './public-curve.ts';

/**
 * Public operations: no secret passes here, so this file is the one place where a faster verifier may
 * be put in. The compiled library where there is one for this machine, else WebAssembly; who does not
 * want to run a binary from the registry sets the environment variable `QOIMA_CURVE=wasm`.
 */
const curve: PublicCurve =
  (env['QOIMA_CURVE'] === 'wasm' ? undefined : await loadNativeCurve()) ??
  (await import('./wasm-curve.ts')).wasmCurve;

/** Which implementation is in use: `native` or `wasm`. */
export const curveInUse: PublicCurve['name'] = curve.name;

/** True for 33 bytes that are a point of the curve in compressed form. */
export const isPublicKey = (publicKey: Uint8Array): boolean => curve.isPublicKey(publicKey);

/**
 * ECDSA over a 32-byte hash. `signature` is r ‖ s, 64 bytes; an s above half the order is refused
 * (BIP-146), and so is an uncompressed key (BIP-143). Returns false, and does not throw, for a key or
 * signature that cannot be.
 */
export const verifyEcdsa = (
  hash: Uint8Array,
  publicKey: Uint8Array,
  signature: Uint8Array,
): boolean => publicKey.length === 33 && curve.verifyEcdsa(hash, publicKey, signature);

/** `verifyEcdsa` with the point of the key, which is as good and saves the finding of its y. */
export const verifyEcdsaAt = (
  hash: Uint8Array,
  point: Uint8Array,
  signature: Uint8Array,
): boolean => point.length === 65 && curve.verifyEcdsa(hash, point, signature);

/** The point of a compressed key, 04 ‖ x ‖ y (SEC 1), 65 bytes; undefined for what is no key. */
export const pointOf = (publicKey: Uint8Array): Uint8Array | undefined => curve.pointOf(publicKey);

/** The compressed key, 33 bytes, of a point of 65. Not checked: that it is a point. */
export const compressPoint = (point: Uint8Array): Uint8Array => {
  const publicKey = new Uint8Array(point.subarray(0, 33));
  publicKey[0] = 2 + ((point[64] as number) & 1);
  return publicKey;
};

/**
 * A public key taken apart once, for many scalars. The tweaker gives undefined when the scalar is not
 * below the order, when the sum is the point at infinity (BIP-32 then says: take the next index), and
 * always for bytes that are no compressed key.
 */
export const publicKeyTweaker = (publicKey: Uint8Array): PublicKeyTweaker =>
  curve.publicKeyTweaker(publicKey);

/** One sum of `publicKeyTweaker`, compressed. */
export const tweakPublicKey = (
  publicKey: Uint8Array,
  scalar: Uint8Array,
): Uint8Array | undefined => {
  const point = publicKeyTweaker(publicKey)(scalar);
  return point && compressPoint(point);
};
