import type { VerifyOptions } from '@qoima/curve';
import { checkSignatures, type SignatureVerdict } from './check-signature.ts';
import type { PolicyMatch } from './match-policy.ts';
import { checkOpen } from './open-input.ts';
import { type PartialSignature, partialSignaturesOf } from './partial-signature.ts';
import type { Psbt } from './record.ts';
import { checkSameTransaction } from './same-transaction.ts';
import { signatureHashes } from './signature-hashes.ts';

declare const verified: unique symbol;

/** A PSBT whose every partial signature was found good. Only `verifySignatures` makes one. */
export type VerifiedPsbt = Psbt & {
  /** What the signatures were verified against. */
  readonly match: PolicyMatch;
  readonly [verified]: true;
};

/**
 * Verifies every partial signature in a PSBT, however many there are: none may be bad. Whether there
 * are enough is for `finalizePsbt`. Many are verified on several threads, with the same outcome.
 * @throws `PSBT_TRANSACTION_DIFFERS` if the match is of another transaction; `PSBT_ALREADY_FINAL`,
 *   `PSBT_SIGHASH_TYPE`; and for a bad signature the codes of `checkSignature`, naming cosigner and input
 */
export const verifySignatures = (
  psbt: Psbt,
  match: PolicyMatch,
  options: VerifyOptions = {},
): VerifiedPsbt => {
  checkSameTransaction(match.transaction, psbt.transaction, 'The PSBT');
  const signatures = psbt.inputs.map(partialSignaturesOf);
  const verdicts = checkSignatures(signatures.flat(), match, signatureHashes(match), options);
  let at = 0;
  for (const [index, map] of psbt.inputs.entries()) {
    checkOpen(map, `Input ${index}`);
    const end = at + (signatures[index] as readonly PartialSignature[]).length;
    for (; at < end; at++) {
      const verdict = verdicts[at] as SignatureVerdict;
      if (!verdict.good) throw verdict.error;
    }
  }
  return { ...psbt, match } as VerifiedPsbt;
};
