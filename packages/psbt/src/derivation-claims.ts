import {
  type AddressPlace,
  formatKeyOrigin,
  type KeyOrigin,
  locateDerivation,
  type PolicyScript,
  type WalletPolicy,
} from '@qoima/policy';
import { equalBytes, formatHex } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { type Field, fieldsOf } from './fields.ts';
import type { PsbtMap } from './record.ts';

/** A derivation of a PSBT, and whose key its origin says that it is: a claim, and no more. */
export interface DerivationClaim {
  readonly key: Uint8Array;
  readonly origin: KeyOrigin;
  /** The number of a cosigner of the policy, or −1. */
  readonly cosigner: number;
  /** Where in the policy; undefined if no cosigner is claimed. */
  readonly place: AddressPlace | undefined;
}

/** The claims of PSBT_IN_BIP32_DERIVATION or PSBT_OUT_BIP32_DERIVATION, strangers' included. */
export const readClaims = (
  map: PsbtMap,
  field: Field<Uint8Array, KeyOrigin>,
  policy: WalletPolicy,
): readonly DerivationClaim[] =>
  fieldsOf(map, field).map(({ key, value }) => claimOf(key, value, policy));

const claimOf = (key: Uint8Array, origin: KeyOrigin, policy: WalletPolicy): DerivationClaim => {
  let cosigner = 0;
  for (const { origin: own } of policy.cosigners) {
    const place = equalBytes(own.fingerprint, origin.fingerprint)
      ? locateDerivation(policy, cosigner, origin.path)
      : undefined;
    if (place !== undefined) return { key, origin, cosigner, place };
    cosigner++;
  }
  return { key, origin, cosigner: -1, place: undefined };
};

export const placeName = ({ branch, index }: AddressPlace): string => `${branch} address ${index}`;

/**
 * The one place that the claims of a map point at, in whatever order they are. Which keys they name is
 * for `checkClaims`, once the script of that place is known.
 * @throws `PSBT_DERIVATION_WRONG` if they point at several
 */
export const placeOf = (
  claims: readonly DerivationClaim[],
  where: string,
): AddressPlace | undefined => {
  let found: AddressPlace | undefined;
  for (const { place } of claims) {
    found ??= place;
    if (found === undefined || place === undefined) continue;
    if (place.branch === found.branch && place.index === found.index) continue;
    throw psbtError(
      'PSBT_DERIVATION_WRONG',
      `${where}: the derivations point at ${placeName(found)} and at ${placeName(place)} at once.`,
      { map: where.toLowerCase(), places: [found, place].map(placeName).sort() },
    );
  }
  return found;
};

/**
 * Every derivation that names a key of the script, or claims the origin of one, must have both right;
 * those of strangers are passed over.
 * @throws `PSBT_DERIVATION_WRONG`
 */
export const checkClaims = (
  claims: readonly DerivationClaim[],
  script: PolicyScript,
  policy: WalletPolicy,
  where: string,
): void => {
  for (const { key, origin, cosigner: claimed } of claims) {
    const owner = script.publicKeys.findIndex((own) => equalBytes(own, key));
    if (owner === claimed) continue;
    const cosigner = policy.cosigners[owner >= 0 ? owner : claimed];
    if (cosigner === undefined) throw new Error('one of two different indices is not -1');
    const path = `[${formatKeyOrigin(origin, "'")}]`;
    throw psbtError(
      'PSBT_DERIVATION_WRONG',
      owner >= 0
        ? `${where}: the key of ${cosigner.name} is said to come from ${path}.`
        : `${where}: ${path} is where ${cosigner.name} has another key.`,
      {
        map: where.toLowerCase(),
        cosigner: cosigner.name,
        publicKey: formatHex(key),
        ...(owner >= 0 ? {} : { expected: formatHex(script.publicKeys[claimed] ?? key) }),
      },
    );
  }
};
