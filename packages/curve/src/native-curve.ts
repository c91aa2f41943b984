/// <reference path="./secp256k1-bindings.d.ts" />
import { isKeyOrPoint, type PublicCurve, resultOf } from './public-curve.ts';

/**
 * The `secp256k1` addon: the same C library as `wasmCurve`, compiled, in a binary that lies inside the
 * registry package. Undefined on a machine for which it brings none, and when the binary does not do
 * sums whose answers are known.
 *
 * Only its bindings are imported: the package's own entry falls back to another library silently.
 */
export const loadNativeCurve = async (): Promise<PublicCurve | undefined> => {
  try {
    const { default: bindings } = await import('secp256k1/bindings.js');
    const curve = nativeCurve(bindings);
    return answersKnownSums(curve) ? curve : undefined;
  } catch {
    return undefined;
  }
};

const nativeCurve = (secp256k1: typeof import('secp256k1/bindings.js').default): PublicCurve => {
  const isPublicKey = (publicKey: Uint8Array): boolean =>
    publicKey.length === 33 && secp256k1.publicKeyVerify(publicKey);
  const pointOf = (publicKey: Uint8Array): Uint8Array | undefined =>
    isPublicKey(publicKey) ? secp256k1.publicKeyConvert(publicKey, false) : undefined;
  return {
    name: 'native',
    isPublicKey,
    pointOf,
    // libsecp256k1 itself refuses a high s.
    verifyEcdsa: (hash, key, signature) =>
      isKeyOrPoint(key) && resultOf(() => secp256k1.ecdsaVerify(signature, hash, key)) === true,
    publicKeyTweaker: (publicKey) => {
      const point = pointOf(publicKey);
      if (point === undefined) return () => undefined;
      return (scalar) => resultOf(() => secp256k1.publicKeyTweakAdd(point, scalar, false));
    },
  };
};

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

const generator = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
const twiceTheGenerator = fromHex(
  '04c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5' +
    '1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a',
);
/** By the secret key 1 over SHA-256 of "Satoshi Nakamoto"; a widely used vector of RFC 6979. */
const hash = fromHex('a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e');
const signature = fromHex(
  '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
    '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
);

/** A binary for almost this machine may load and still be wrong. This finds accidents, not malice. */
const answersKnownSums = (curve: PublicCurve): boolean => {
  const one = new Uint8Array(32);
  one[31] = 1;
  const sum = curve.publicKeyTweaker(generator)(one);
  return (
    curve.verifyEcdsa(hash, generator, signature) &&
    !curve.verifyEcdsa(hash, twiceTheGenerator, signature) &&
    !curve.verifyEcdsa(one, generator, signature) &&
    sum !== undefined &&
    sum.length === 65 &&
    sum.every((byte, at) => byte === twiceTheGenerator[at])
  );
};
