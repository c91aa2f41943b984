import { equalBytes, formatHex, parseHex } from '@qoima/primitives';
import {
  type DerivationPath,
  formatDerivationPath,
  type HardenedMark,
  parseDerivationPath,
} from './derivation-path.ts';
import { policyError } from './errors.ts';
import { type ExtendedKey, keyFingerprint } from './extended-key.ts';

/** Where a key comes from (BIP-380): the fingerprint of its master key, and the path from there. */
export interface KeyOrigin {
  /** 4 bytes. Never an identity: see `keyFingerprint`. */
  readonly fingerprint: Uint8Array;
  readonly path: DerivationPath;
}

/**
 * Reads `d34db33f/48h/0h/0h/2h`, what stands between the brackets of a key expression.
 * @throws `POLICY_ORIGIN_INVALID`, `POLICY_PATH_INVALID`
 */
export const parseKeyOrigin = (text: string, what = 'The key'): KeyOrigin => {
  const match = /^([0-9a-fA-F]{8})(?:\/([^m].*))?$/.exec(text);
  if (match === null) {
    throw policyError('POLICY_ORIGIN_INVALID', `${what} has an origin that cannot be read.`);
  }
  return {
    fingerprint: parseHex(match[1] as string),
    path: parseDerivationPath(match[2] ?? ''),
  };
};

/** An origin as descriptors have it (BIP-380), without brackets: `d34db33f/48h/0h`. */
export const formatKeyOrigin = (origin: KeyOrigin, mark: HardenedMark): string =>
  [
    formatHex(origin.fingerprint),
    ...origin.path.map((step) => formatDerivationPath([step], mark)),
  ].join('/');

/**
 * The origin that a key tells by itself: at depth 0 it is its own master key, at depth 1 it names
 * the master key as its parent. Undefined deeper down, where only the origin knows.
 */
export const knownOrigin = (key: ExtendedKey): KeyOrigin | undefined => {
  if (key.depth === 0) return { fingerprint: keyFingerprint(key), path: [] };
  if (key.depth === 1) return { fingerprint: key.parentFingerprint, path: [key.childNumber] };
  return undefined;
};

/**
 * Refuses an origin that the key contradicts: another number of steps than its depth, another last
 * step than its child number, another fingerprint where the key knows it. Deeper keys do not prove
 * their fingerprint; only the signing device can.
 * @throws `POLICY_ORIGIN_MISMATCH`
 */
export const checkOrigin = (origin: KeyOrigin, key: ExtendedKey, what = 'The key'): void => {
  const mismatch = (fact: string, expected: string | number, actual: string | number): Error =>
    policyError(
      'POLICY_ORIGIN_MISMATCH',
      `${what} has ${fact} ${expected}, and its origin says ${actual}.`,
      { expected, actual },
    );
  if (origin.path.length !== key.depth) throw mismatch('depth', key.depth, origin.path.length);
  const lastStep = origin.path.at(-1) ?? 0;
  if (lastStep !== key.childNumber) {
    throw mismatch(
      'child number',
      formatDerivationPath([key.childNumber]),
      formatDerivationPath([lastStep]),
    );
  }
  const known = knownOrigin(key);
  if (known !== undefined && !equalBytes(known.fingerprint, origin.fingerprint)) {
    throw mismatch(
      'master fingerprint',
      formatHex(known.fingerprint),
      formatHex(origin.fingerprint),
    );
  }
};
