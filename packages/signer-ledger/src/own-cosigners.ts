import type { PolicyScript, WalletPolicy } from '@qoima/policy';
import { equalBytes, indexOfBytes } from '@qoima/primitives';
import { fieldsOf, OUTPUT, type PolicyMatch, type Psbt } from '@qoima/psbt';

/** The app signs with so many keys of its own in one policy (`constants.h`). */
export const MAX_OWN_KEYS = 8;

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
