import {
  type AddressPlace,
  addressPlace,
  formatKeyOrigin,
  type KeyOrigin,
  type PolicyScript,
  type WalletPolicy,
} from '@qoima/policy';
import { formatHex, indexOfBytes, readUint32 } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { type Field, INPUT } from './fields.ts';
import type { PsbtMap } from './record.ts';

/** A derivation of a PSBT, and whose key its origin says that it is: a claim, and no more. */
export interface DerivationClaim {
  readonly key: Uint8Array;
  /** The origin as the PSBT holds it, fingerprint and path. */
  readonly origin: Uint8Array;
  /** The number of a cosigner of the policy, or −1. */
  readonly cosigner: number;
  /** Where in the policy; undefined if no cosigner is claimed. */
  readonly place: AddressPlace | undefined;
}

/** Reads the claims of PSBT_IN_BIP32_DERIVATION or PSBT_OUT_BIP32_DERIVATION, strangers' included. */
export type ClaimReader = (
  map: PsbtMap,
  field: Field<Uint8Array, KeyOrigin>,
) => readonly DerivationClaim[];

/** Compares claims with the policy's origins in their bytes: taking each path apart would cost more. */
export const claimReader = ({ cosigners }: WalletPolicy): ClaimReader => {
  const origins = cosigners.map(({ origin }) => originCodec.encode(origin));
  const claimOf = (key: Uint8Array, origin: Uint8Array): DerivationClaim => {
    for (let cosigner = 0; cosigner < origins.length; cosigner++) {
      const place = placeBelow(origins[cosigner] as Uint8Array, origin);
      if (place !== undefined) return { key, origin, cosigner, place };
    }
    return { key, origin, cosigner: -1, place: undefined };
  };
  return (map, { type }) => {
    const claims: DerivationClaim[] = [];
    for (const record of map) {
      if (record.type === type) claims.push(claimOf(record.keyData, record.value));
    }
    return claims;
  };
};

const originCodec = INPUT.derivation.value;

/** The place that the last two steps of an origin name, if all before them is a cosigner's account. */
const placeBelow = (account: Uint8Array, origin: Uint8Array): AddressPlace | undefined => {
  if (origin.length !== account.length + 8) return undefined;
  for (let i = 0; i < account.length; i++) if (account[i] !== origin[i]) return undefined;
  const reader = { bytes: origin, offset: account.length };
  return addressPlace(readUint32(reader), readUint32(reader));
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
    const owner = indexOfBytes(script.publicKeys, key);
    if (owner === claimed) continue;
    const cosigner = policy.cosigners[owner >= 0 ? owner : claimed];
    if (cosigner === undefined) throw new Error('one of two different indices is not -1');
    const path = `[${formatKeyOrigin(originCodec.decode(origin), "'")}]`;
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
