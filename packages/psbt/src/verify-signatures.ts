import { checkSignature } from './check-signature.ts';
import type { PolicyMatch } from './match-policy.ts';
import { checkOpen } from './open-input.ts';
import { partialSignaturesOf } from './partial-signature.ts';
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
 * are enough is for `finalizePsbt`.
 * @throws `PSBT_TRANSACTION_DIFFERS` if the match is of another transaction; `PSBT_ALREADY_FINAL`,
 *   `PSBT_SIGHASH_TYPE`; and for a bad signature the codes of `checkSignature`, naming cosigner and input
 */
export const verifySignatures = (psbt: Psbt, match: PolicyMatch): VerifiedPsbt => {
  checkSameTransaction(match.transaction, psbt.transaction, 'The PSBT');
  const hashes = signatureHashes(match);
  for (const [index, map] of psbt.inputs.entries()) {
    checkOpen(map, `Input ${index}`);
    for (const signature of partialSignaturesOf(map, index)) {
      const verdict = checkSignature(signature, match, hashes);
      if (!verdict.good) throw verdict.error;
    }
  }
  return { ...psbt, match } as VerifiedPsbt;
};
