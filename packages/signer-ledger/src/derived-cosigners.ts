import { parseExtendedKey, type WalletPolicy } from '@qoima/policy';
import { equalBytes, isQoimaError } from '@qoima/primitives';
import type { LedgerClient } from './client.ts';
import { ownCosigners } from './own-cosigners.ts';

/**
 * The numbers of those `ownCosigners` whose keys the device really derives: a fingerprint is only a claim,
 * and anybody can put that of another into the origin of his key. One that claims it alone is left to the
 * device, and so is a path of which the app gives no key.
 * @throws `DEVICE_…`
 */
export const derivedCosigners = async (
  client: LedgerClient,
  policy: WalletPolicy,
  fingerprint: Uint8Array,
): Promise<ReadonlySet<number>> => {
  const claimed = ownCosigners(policy, fingerprint);
  if (claimed.size < 2) return claimed;
  const derived = new Set<number>();
  for (const number of claimed) {
    const cosigner = policy.cosigners[number];
    if (cosigner === undefined) throw new Error('it is one of them');
    try {
      const key = parseExtendedKey(await client.extendedKey(cosigner.origin.path, false));
      const { publicKey, chainCode } = cosigner.key;
      if (!equalBytes(key.publicKey, publicKey) || !equalBytes(key.chainCode, chainCode)) continue;
    } catch (error) {
      if (!isQoimaError(error, 'DEVICE_NOT_SUPPORTED')) throw error;
    }
    derived.add(number);
  }
  return derived;
};
