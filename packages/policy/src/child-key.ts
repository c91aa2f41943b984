import { compressPoint, type PublicKeyTweaker, publicKeyTweaker } from '@qoima/curve';
import { hmacSha512 } from '@qoima/primitives';
import { HARDENED } from './derivation-path.ts';
import { policyError } from './errors.ts';
import { type ExtendedKey, keyFingerprint, MAX_DEPTH } from './extended-key.ts';

/**
 * The unhardened child `index` of an extended public key (BIP-32, CKDpub).
 * @throws `POLICY_INDEX_INVALID`; `POLICY_KEY_INVALID` if the key's depth is the last, 255
 */
export const deriveChildKey = (key: ExtendedKey, index: number): ExtendedKey => {
  if (key.depth === MAX_DEPTH) {
    throw policyError('POLICY_KEY_INVALID', `A key of depth ${MAX_DEPTH} has no children.`);
  }
  const material = childMaterial(key)(index);
  return {
    network: key.network,
    depth: key.depth + 1,
    parentFingerprint: keyFingerprint(key),
    childNumber: index,
    chainCode: material.slice(32),
    publicKey: compressPoint(childPoint(publicKeyTweaker(key.publicKey), material)),
  };
};

/**
 * Derives the public keys of `deriveChildKey` alone, as points of 65 bytes, many of one parent, at half of
 * the hashing. Each call of the result throws `POLICY_INDEX_INVALID` for an index that is none.
 */
export const childPoints = (key: ExtendedKey): ((index: number) => Uint8Array) => {
  const tweaker = publicKeyTweaker(key.publicKey);
  const materialAt = childMaterial(key);
  return (index) => childPoint(tweaker, materialAt(index));
};

/** BIP-32's I of each child: 32 bytes to add, then 32 bytes of chain code. */
const childMaterial = ({ publicKey, chainCode }: ExtendedKey): ((index: number) => Uint8Array) => {
  const message = new Uint8Array(37);
  message.set(publicKey);
  const view = new DataView(message.buffer);
  return (index) => {
    checkIndex(index);
    view.setUint32(33, index);
    return hmacSha512(chainCode, message);
  };
};

const childPoint = (parent: PublicKeyTweaker, material: Uint8Array): Uint8Array => {
  const point = parent(material.subarray(0, 32));
  if (point === undefined) {
    throw new Error('a child without a key has a chance of 2⁻¹²⁷ (BIP-32): use the next index');
  }
  return point;
};

const checkIndex = (index: number): void => {
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw policyError('POLICY_INDEX_INVALID', `There is no unhardened child ${index}.`);
  }
};
