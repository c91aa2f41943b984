import { formatHex } from '@qoima/primitives';
import type { WalletPolicy } from './wallet-policy.ts';

/**
 * True for two policies that give the same addresses on every branch, whatever their names and ids are: one
 * network, one kind of script, one quorum, and keys that derive the same. The order of the keys counts for
 * `multi` alone. Origins, names, birthday and limits do not count.
 */
export const haveSameScripts = (one: WalletPolicy, other: WalletPolicy): boolean =>
  scriptsKey(one) === scriptsKey(other);

const scriptsKey = ({ network, scriptKind, sorted, quorum, cosigners }: WalletPolicy): string => {
  // What a key derives follows from these two alone (BIP-32).
  const keys = cosigners.map(
    ({ key }) => `${formatHex(key.publicKey)}:${formatHex(key.chainCode)}`,
  );
  const inOrder = sorted ? keys.sort() : keys;
  // Of one key there is but one order.
  const kind = sorted || keys.length === 1 ? 'any order' : 'this order';
  return [network, scriptKind, quorum.required, kind, ...inOrder].join(' ');
};
