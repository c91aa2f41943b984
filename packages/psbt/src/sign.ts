import type { VerifyOptions } from '@qoima/curve';
import type { PolicyScripts } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { checkSignatures } from './check-signature.ts';
import { matchPolicy } from './match-policy.ts';
import { checkOpen } from './open-input.ts';
import { type PartialSignature, signatureFor, withSignatures } from './partial-signature.ts';
import type { Psbt } from './record.ts';
import { signatureHashes } from './signature-hashes.ts';
import type { Signer } from './signer.ts';

/** What came of asking a signer. */
export interface SignedPsbt {
  readonly psbt: Psbt;
  /** The signatures that are new in `psbt`; empty if the signer has none to give. */
  readonly added: readonly PartialSignature[];
}

/**
 * Signer: proves the PSBT against the policy, asks the signer, and adds what it gives. Each signature
 * is checked before any is added, so that a faulty device cannot put a bad one into the file. One that
 * the PSBT already holds for the same key is kept, whatever the signer gives now. `psbt` itself is
 * not changed.
 *
 * Whether the transaction is the one that people agreed on is not judged here: review comes first.
 *
 * @throws as `matchPolicy`; `PSBT_SIGHASH_TYPE`, `PSBT_ALREADY_FINAL`, what the signer throws, and the
 *   codes of `checkSignature`
 */
export const signPsbt = async (
  psbt: Psbt,
  scripts: PolicyScripts,
  signer: Signer,
  options: VerifyOptions = {},
): Promise<SignedPsbt> => {
  for (const [index, map] of psbt.inputs.entries()) checkOpen(map, `Input ${index}`);
  const match = matchPolicy(psbt, scripts);
  const signatures = await signer.sign({ psbt, match, scripts });
  for (const verdict of checkSignatures(signatures, match, signatureHashes(match), options)) {
    if (!verdict.good) throw verdict.error;
  }
  const added = new Map<string, PartialSignature>();
  for (const signature of signatures) {
    const { inputIndex, publicKey } = signature;
    const held = signatureFor(psbt.inputs[inputIndex] ?? [], publicKey);
    const key = `${inputIndex}:${formatHex(publicKey)}`;
    if (held === undefined && !added.has(key)) added.set(key, signature);
  }
  return { psbt: withSignatures(psbt, [...added.values()]), added: [...added.values()] };
};
