import { type PolicyScript, parseExtendedKey, type WalletPolicy } from '@qoima/policy';
import { equalBytes, indexOfBytes, isQoimaError } from '@qoima/primitives';
import { fieldsOf, OUTPUT, type PolicyMatch, type Psbt } from '@qoima/psbt';
import type { LedgerClient } from './client.ts';

/** The numbers of the cosigners that claim this fingerprint; of all if none is given. */
export const ownCosigners = (
  { cosigners }: WalletPolicy,
  fingerprint: Uint8Array | undefined,
): ReadonlySet<number> =>
  new Set(
    [...cosigners.entries()]
      .filter(([, { origin }]) => !fingerprint || equalBytes(origin.fingerprint, fingerprint))
      .map(([cosigner]) => cosigner),
  );

/**
 * Those of them whose keys the device really derives: a fingerprint is only a claim, and anybody can put
 * that of another into the origin of his key. One that claims it alone is left to the device, and so is a
 * path of which the app gives no key.
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

/**
 * For each output, the change script that the device will not show. It takes an output for change only
 * by a derivation of a key of its own (`output_keys_callback` of the app), and shows any other change as a
 * payment. Without a fingerprint: what no cosigner's device will show.
 */
export const hiddenChange = (
  psbt: Psbt,
  { policy, outputs }: PolicyMatch,
  fingerprint?: Uint8Array,
): readonly (PolicyScript | undefined)[] => {
  const own = [...ownCosigners(policy, fingerprint)];
  return outputs.map((change, index) => {
    if (change === undefined) return undefined;
    const derived = fieldsOf(psbt.outputs[index] ?? [], OUTPUT.derivation).map(({ key }) => key);
    const isDerived = (cosigner: number): boolean =>
      indexOfBytes(derived, change.publicKeys[cosigner] ?? new Uint8Array()) >= 0;
    const isHidden = fingerprint === undefined ? own.every(isDerived) : own.some(isDerived);
    return isHidden ? change : undefined;
  });
};
