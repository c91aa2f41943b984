import type { HardenedMark } from './derivation-path.ts';
import { policyError } from './errors.ts';
import { type ExtendedKey, formatExtendedKey, parseExtendedKey } from './extended-key.ts';
import {
  checkOrigin,
  formatKeyOrigin,
  type KeyOrigin,
  knownOrigin,
  parseKeyOrigin,
} from './key-origin.ts';

/** An extended public key and where it comes from: BIP-388's key information. */
export interface CosignerKey {
  readonly origin: KeyOrigin;
  readonly key: ExtendedKey;
}

/** One holder of a key. The name is for people: it is no part of the policy's id. */
export interface Cosigner extends CosignerKey {
  readonly name: string;
}

/**
 * Reads `[d34db33f/48'/0'/0'/2']xpub…`. The origin may be left out only of a key that tells it by
 * itself (depth 0 or 1). Nothing may follow the key. `what` names the key in errors.
 * @throws what `parseKeyExpression` throws
 */
export const parseCosignerKey = (text: string, what = 'The key'): CosignerKey =>
  parseKeyExpression(text, '', what);

/**
 * Reads a key with its origin and exactly this `path` after it, such as `/<0;1>/*` (BIP-380, BIP-389).
 * A private key is the worst news, so the key is looked at before path and origin.
 * @throws `POLICY_PRIVATE_KEY`, `POLICY_KEY_INVALID`, `POLICY_HARDENED_STEP`, `POLICY_BRANCH_INVALID`,
 *   `POLICY_ORIGIN_INVALID`, `POLICY_PATH_INVALID`, `POLICY_ORIGIN_MISSING`, `POLICY_ORIGIN_MISMATCH`
 */
export const parseKeyExpression = (text: string, path: string, what: string): CosignerKey => {
  const match = /^(?:\[([^[\]]*)\])?([^[\]/]*)([^[\]]*)$/.exec(text);
  if (match === null) {
    throw policyError('POLICY_ORIGIN_INVALID', `${what} has brackets in the wrong place.`);
  }
  const [, originText, keyText = '', pathText = ''] = match;
  const key = parseExtendedKey(keyText, what);
  if (pathText !== path) throw wrongPath(pathText, path, what);
  const origin = originText === undefined ? knownOrigin(key) : parseKeyOrigin(originText, what);
  if (origin === undefined) {
    throw policyError('POLICY_ORIGIN_MISSING', `${what} has depth ${key.depth} and no origin.`);
  }
  checkOrigin(origin, key, what);
  return { origin, key };
};

const wrongPath = (actual: string, expected: string, what: string): Error =>
  /['h]/.test(actual)
    ? policyError('POLICY_HARDENED_STEP', `${what} is followed by a hardened step.`)
    : policyError(
        'POLICY_BRANCH_INVALID',
        expected === ''
          ? `${what} is followed by a path.`
          : `${what} is not followed by ${expected}.`,
      );

/** Always with its origin; the fingerprint in lower case. */
export const formatCosignerKey = (cosigner: CosignerKey, mark: HardenedMark = "'"): string =>
  `[${formatKeyOrigin(cosigner.origin, mark)}]${formatExtendedKey(cosigner.key)}`;

/**
 * Puts names to keys: those given, one for each key, or `cosigner 1`, `cosigner 2` …
 * @throws `POLICY_KEY_COUNT`
 */
export const nameCosigners = (
  keys: readonly CosignerKey[],
  names: readonly string[] = keys.map((_, i) => `cosigner ${i + 1}`),
): readonly Cosigner[] => {
  if (names.length !== keys.length) {
    throw policyError('POLICY_KEY_COUNT', `There are ${names.length} names for the keys.`, {
      expected: keys.length,
      actual: names.length,
    });
  }
  return keys.map(({ origin, key }, i) => ({ name: names[i] as string, origin, key }));
};
