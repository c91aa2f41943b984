import {
  type Branch,
  type KeyOrigin,
  locateDerivation,
  type PolicyScript,
  type PolicyScripts,
} from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';

/**
 * Where the key derivations of a map say that it belongs, and what the policy has there.
 * `disagree`: a derivation names no cosigner's path, or two name different places, or a key is not
 * the one that the policy has at that place. A place is a claim: the script there still has to be
 * held against the one on the chain.
 */
export type Claim =
  | { readonly state: 'none' }
  | { readonly state: 'disagree'; readonly reason: string }
  | { readonly state: 'place'; readonly script: PolicyScript };

/**
 * Judges all derivations of one map together, so that neither their order nor a stray one among them
 * changes the answer. A fingerprint alone says nothing (it is four bytes that anyone can copy): what
 * counts is that the key itself is the policy's at that place. Nothing is derived before all of them
 * name one place, so that a long list costs no more than reading it.
 */
export const claimOf = (
  derivations: readonly { readonly key: Uint8Array; readonly value: KeyOrigin }[],
  scripts: PolicyScripts,
): Claim => {
  if (derivations.length === 0) return { state: 'none' };
  const places = derivations.map(({ value }) => placeOf(value, scripts));
  const known = places.filter((place) => place !== undefined);
  const [first] = known;
  if (first === undefined || known.length < places.length) {
    return { state: 'disagree', reason: 'a key path is not one of the policy' };
  }
  const { branch, index } = first;
  if (known.some((place) => place.branch !== branch || place.index !== index)) {
    return {
      state: 'disagree',
      reason: 'the key paths do not all lead to one address of the policy',
    };
  }
  const script = scripts.at(branch, index);
  const foreign = derivations.findIndex(({ key }, at) => {
    const own = script.publicKeys[known[at]?.cosigner ?? -1];
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
  for (const [cosigner, { origin }] of policy.cosigners.entries()) {
    if (!equalBytes(origin.fingerprint, derivation.fingerprint)) continue;
    const place = locateDerivation(policy, cosigner, derivation.path);
    if (place !== undefined) return { cosigner, ...place };
  }
  return undefined;
};
