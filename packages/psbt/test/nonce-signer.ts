import { publicKeyOf } from '@qoima/curve/secret';
import { formatHex, parseHex } from '@qoima/primitives';

const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

const big = (bytes: Uint8Array): bigint => BigInt(`0x${formatHex(bytes)}`);
const bytes32 = (value: bigint): string => value.toString(16).padStart(64, '0');

/** value⁻¹ modulo the order, by Fermat. */
const inverse = (value: bigint): bigint => {
  let [result, base] = [1n, value % order];
  for (let rest = order - 2n; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
};

/** ECDSA with a nonce of the caller's choice, as no signer must; r ‖ s with a low s. */
export const signWithNonce = (hash: Uint8Array, secret: Uint8Array, nonce: bigint): Uint8Array => {
  const r = big(publicKeyOf(parseHex(bytes32(nonce))).subarray(1)) % order;
  const s = (inverse(nonce) * (big(hash) + r * big(secret))) % order;
  return parseHex(`${bytes32(r)}${bytes32(s > order / 2n ? order - s : s)}`);
};
