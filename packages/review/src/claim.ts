import {
  type Branch,
  type KeyOrigin,
  locateDerivation,
  type PolicyScript,
  type PolicyScripts,
} from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';

/** A key that a map names, and where it is said to come from. */
export interface Derivation {
  readonly key: Uint8Array;
  readonly value: KeyOrigin;
}

/**
 * Where the key derivations of a map say that it belongs, and what the policy has there.
 * `other-network`: one is a cosigner's path, but for the coin type (BIP-44). `disagree`: a derivation
 * names no cosigner's path, or two name different places, or a key is not the one that the policy has at
 * that place. A place is a claim: the script there still has to be held against the one on the chain.
 */
export type Claim =
  | { readonly state: 'none' }
  | { readonly state: 'other-network'; readonly derivation: KeyOrigin }
  | { readonly state: 'disagree'; readonly reason: string }
  | { readonly state: 'place'; readonly script: PolicyScript };

/** What is claimed where nothing is. */
export const NO_CLAIM: Claim = { state: 'none' };

/**
 * Judges all derivations of one map together, so that neither their order nor a stray one among them
 * changes the answer. A fingerprint alone says nothing (it is four bytes that anyone can copy): what
 * counts is that the key itself is the policy's at that place. Nothing is derived before all of them
 * name one place, so that a long list costs no more than reading it.
 */
export const claimOf = (derivations: readonly Derivation[], scripts: PolicyScripts): Claim => {
  if (derivations.length === 0) return NO_CLAIM;
  const places: Place[] = [];
  for (const { value } of derivations) {
    const place = placeOf(value, scripts);
    if (place === undefined) return strangeClaim(derivations, scripts);
    places.push(place);
  }
  const { branch, index } = places[0] as Place;
  if (places.some((place) => place.branch !== branch || place.index !== index)) {
    return {
      state: 'disagree',
      reason: 'the key paths do not all lead to one address of the policy',
    };
  }
  const script = scripts.at(branch, index);
  const foreign = derivations.findIndex(({ key }, at) => {
    const own = script.publicKeys[(places[at] as Place).cosigner];
    return own === undefined || !equalBytes(own, key);
  });
  return foreign < 0
    ? { state: 'place', script }
    : {
        state: 'disagree',
        reason: `key ${foreign} is not the one that the policy has at its path`,
      };
};

interface Place {
  readonly cosigner: number;
  readonly branch: Branch;
  readonly index: number;
}

/** The place that one derivation names. No two cosigners of a policy share an origin. */
const placeOf = (derivation: KeyOrigin, { policy }: PolicyScripts): Place | undefined => {
  let cosigner = 0;
  for (const { origin } of policy.cosigners) {
    const place = equalBytes(origin.fingerprint, derivation.fingerprint)
      ? locateDerivation(policy, cosigner, derivation.path)
      : undefined;
    if (place !== undefined) return { cosigner, branch: place.branch, index: place.index };
    cosigner++;
  }
  return undefined;
};

/** At least one derivation is at no cosigner's path. */
const strangeClaim = (derivations: readonly Derivation[], scripts: PolicyScripts): Claim => {
  const other = derivations.find(({ value }) => isOfOtherNetwork(value, scripts));
  return other === undefined
    ? { state: 'disagree', reason: 'a key path is not one of the policy' }
    : { state: 'other-network', derivation: other.value };
};

/** Which step of a path is the coin type (BIP-44, BIP-48, BIP-87). */
const COIN_TYPE = 1;

const isOfOtherNetwork = ({ fingerprint, path }: KeyOrigin, scripts: PolicyScripts): boolean => {
  const actual = path[COIN_TYPE];
  if (actual === undefined) return false;
  return scripts.policy.cosigners.some(({ origin }, cosigner) => {
    const expected = origin.path[COIN_TYPE];
    return (
      expected !== undefined &&
      actual !== expected &&
      equalBytes(origin.fingerprint, fingerprint) &&
      locateDerivation(scripts.policy, cosigner, path.with(COIN_TYPE, expected)) !== undefined
    );
  });
};
