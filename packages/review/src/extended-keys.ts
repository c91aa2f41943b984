import {
  type Cosigner,
  encodeExtendedKey,
  formatKeyOrigin,
  type KeyNetwork,
  type KeyOrigin,
  type WalletPolicy,
} from '@qoima/policy';
import { equalBytes, formatHex } from '@qoima/primitives';
import { fieldsOf, GLOBAL, type PsbtMap } from '@qoima/psbt';

/** What a global xpub is: a coordinator's word about who the cosigners are. */
export interface ExtendedKeyClaim {
  readonly where: string;
  /** `parent`: a cosigner's, but for the fingerprint of its parent. */
  readonly state: 'own' | 'parent' | 'other-network' | 'foreign';
  readonly cosigner: Cosigner | undefined;
  readonly key: Uint8Array;
  readonly origin: KeyOrigin;
}

/** Holds every PSBT_GLOBAL_XPUB against the cosigners of the policy. A file may hold very many. */
export const extendedKeyClaims = (
  global: PsbtMap,
  { cosigners }: WalletPolicy,
): readonly ExtendedKeyClaim[] => {
  const claims = fieldsOf(global, GLOBAL.extendedKey);
  if (claims.length === 0) return [];
  const known = new Map<string, KnownKey>();
  for (const cosigner of cosigners) {
    const { key } = cosigner;
    const elsewhere = { ...key, network: otherNetwork[key.network] };
    known.set(comparable(encodeExtendedKey(elsewhere)), { cosigner, isOurs: false });
    known.set(comparable(encodeExtendedKey(key)), { cosigner, isOurs: true });
  }
  return claims.map(({ key, value: origin }, at) => {
    const found = known.get(comparable(key));
    const claim = { where: `global xpub ${at}`, cosigner: found?.cosigner, key, origin };
    return { ...claim, state: stateOf(key, origin, found) };
  });
};

interface KnownKey {
  readonly cosigner: Cosigner;
  /** False for the same key, written for another network. */
  readonly isOurs: boolean;
}

const stateOf = (
  key: Uint8Array,
  origin: KeyOrigin,
  found: KnownKey | undefined,
): ExtendedKeyClaim['state'] => {
  if (found === undefined) return 'foreign';
  const { cosigner, isOurs } = found;
  if (!isOurs) return 'other-network';
  if (formatKeyOrigin(origin, "'") !== formatKeyOrigin(cosigner.origin, "'")) return 'foreign';
  return equalBytes(encodeExtendedKey(cosigner.key), key) ? 'own' : 'parent';
};

const otherNetwork: Readonly<Record<KeyNetwork, KeyNetwork>> = {
  mainnet: 'testnet',
  testnet: 'mainnet',
};

/**
 * A serialised extended key in hex, without the fingerprint of its parent (BIP-32), which derives
 * nothing: other bytes there make another text of the same key.
 */
const comparable = (key: Uint8Array): string => {
  const hex = formatHex(key);
  return hex.slice(0, 10) + hex.slice(18);
};
