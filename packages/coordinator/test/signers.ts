import { isSecretKey, publicKeyOf, signEcdsa, tweakSecretKey } from '@qoima/curve/secret';
import { branchNumbers, HARDENED, parseDerivationPath } from '@qoima/policy';
import { concatBytes, formatHex, hmacSha512, parseHex } from '@qoima/primitives';
import {
  encodeSignature,
  INPUT,
  matchPolicy,
  type PartialSignature,
  type Psbt,
  record,
  signatureHashes,
  withRecords,
} from '@qoima/psbt';
import { generateMnemonic, mnemonicSeed } from '@qoima/signer-software';
import { cosigners, scripts } from './sample.ts';

export const NAMES = ['Aigerim', 'Bolat', 'Dana'] as const;
export type Name = (typeof NAMES)[number];

/** How a signature is made; as an honest signer makes it, if nothing is said. */
export interface Manner {
  /** The nonce in place of RFC 6979's. */
  readonly nonce?: bigint;
  readonly flag?: number;
}

/** The signatures of a cosigner of the sample policy for every input. */
export const signaturesBy = (
  psbt: Psbt,
  name: Name,
  { nonce, flag = 1 }: Manner = {},
): readonly PartialSignature[] => {
  const match = matchPolicy(psbt, scripts);
  const hashes = signatureHashes(match);
  const cosigner = NAMES.indexOf(name);
  return match.inputs.map(({ script: { branch, index, publicKeys } }, inputIndex) => {
    const secret = secretAt(name, [branchNumbers[branch], index]);
    const publicKey = publicKeys[cosigner];
    if (publicKey === undefined) throw new Error('each cosigner has a key in every script');
    const compact =
      nonce === undefined
        ? signEcdsa(hashes(inputIndex), secret)
        : signWithNonce(hashes(inputIndex), secret, nonce + BigInt(inputIndex));
    return { inputIndex, publicKey, signature: encodeSignature({ compact, flag }) };
  });
};

/** A PSBT with these in it, whatever they are worth. */
export const holding = (psbt: Psbt, signatures: readonly PartialSignature[]): Psbt => ({
  ...psbt,
  inputs: psbt.inputs.map((map, i) =>
    withRecords(
      map,
      signatures.flatMap(({ inputIndex, publicKey, signature }) =>
        inputIndex === i ? [record(INPUT.partialSignature, signature, publicKey)] : [],
      ),
    ),
  ),
});

export const signedBy = (psbt: Psbt, ...names: readonly Name[]): Psbt =>
  names.reduce((signed, name) => holding(signed, signaturesBy(psbt, name)), psbt);

const account = parseDerivationPath("m/48'/1'/0'/2'");

/** BIP-32's way down to a secret. */
const secretAt = (name: Name, path: readonly number[]): Uint8Array => {
  const words = generateMnemonic(new Uint8Array(16).fill(NAMES.indexOf(name) + 1));
  const master = hmacSha512(new TextEncoder().encode('Bitcoin seed'), mnemonicSeed(words));
  let secret: Uint8Array = master.slice(0, 32);
  let chainCode: Uint8Array = master.slice(32);
  for (const step of [...account, ...path]) {
    const start = step >= HARDENED ? concatBytes(Uint8Array.of(0), secret) : publicKeyOf(secret);
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, step);
    const material = hmacSha512(chainCode, concatBytes(start, number));
    const child = tweakSecretKey(secret, material.slice(0, 32));
    if (child === undefined || !isSecretKey(child)) throw new Error('a chance of 2⁻¹²⁷');
    [secret, chainCode] = [child, material.slice(32)];
  }
  return secret;
};

const order = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');
const big = (bytes: Uint8Array): bigint => BigInt(`0x${formatHex(bytes)}`);
const hex32 = (value: bigint): string => value.toString(16).padStart(64, '0');

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
const signWithNonce = (hash: Uint8Array, secret: Uint8Array, nonce: bigint): Uint8Array => {
  const r = big(publicKeyOf(parseHex(hex32(nonce))).subarray(1)) % order;
  const s = (inverse(nonce) * (big(hash) + r * big(secret))) % order;
  return parseHex(`${hex32(r)}${hex32(s > order / 2n ? order - s : s)}`);
};

if (cosigners.some(({ name }, i) => name !== NAMES[i])) throw new Error('the sample’s cosigners');
