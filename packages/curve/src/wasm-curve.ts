import * as secp256k1 from 'tiny-secp256k1';
import { isKeyOrPoint, type PublicCurve, resultOf } from './public-curve.ts';

const isPublicKey = (publicKey: Uint8Array): boolean =>
  publicKey.length === 33 && secp256k1.isPointCompressed(publicKey);

const pointOf = (publicKey: Uint8Array): Uint8Array | undefined =>
  isPublicKey(publicKey) ? secp256k1.pointCompress(publicKey, false) : undefined;

/** tiny-secp256k1: runs wherever Node does. */
export const wasmCurve: PublicCurve = {
  name: 'wasm',
  isPublicKey,
  pointOf,
  verifyEcdsa: (hash, key, signature) =>
    isKeyOrPoint(key) && resultOf(() => secp256k1.verify(hash, key, signature, true)) === true,
  /**
   * Its own addition of a scalar (`pointAddScalar`) multiplies both points, as a verification does; a
   * multiplication of the generator alone and one addition give the same point in two thirds of the
   * time.
   */
  publicKeyTweaker: (publicKey) => {
    const point = pointOf(publicKey);
    if (point === undefined) return () => undefined;
    return (scalar) => {
      if (scalar.length === 32 && scalar.every((byte) => byte === 0)) return point.slice();
      return resultOf(() => {
        const added = secp256k1.pointFromScalar(scalar, false);
        return (added && secp256k1.pointAdd(point, added, false)) ?? undefined;
      });
    };
  },
};
