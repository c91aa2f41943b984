import type { PolicyScripts } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import { checkSignature, cosignerAt } from './check-signature.ts';
import { type InjectedRecord, injectedRecords } from './injected-records.ts';
import { matchPolicy, type PolicyMatch } from './match-policy.ts';
import {
  type PartialSignature,
  partialSignaturesOf,
  signatureFor,
  withSignatures,
} from './partial-signature.ts';
import type { Psbt, PsbtMap } from './record.ts';
import { checkSameTransaction } from './same-transaction.ts';
import { type SignatureHashes, signatureHashes } from './signature-hashes.ts';

export interface TakenSignature extends PartialSignature {
  /** The name of the cosigner. */
  readonly cosigner: string;
}

/** A good signature that changes nothing, because a good one of the same key is held. */
export interface RepeatedSignature extends TakenSignature {
  /**
   * False if it is another signature than the one that is held, which stays: ECDSA allows many, and
   * only a signer that does not follow RFC 6979 makes a second.
   */
  readonly same: boolean;
}

export interface RefusedSignature extends PartialSignature {
  /** Missing if the key is none of the policy's at this input. */
  readonly cosigner?: string;
  /** As of `checkSignature`. */
  readonly code: string;
  readonly message: string;
  /** True if a good signature of the same key is held: two that contradict each other. */
  readonly conflicts: boolean;
}

export interface SignatureIntake {
  /** `base` with the signatures taken. */
  readonly psbt: Psbt;
  readonly taken: readonly TakenSignature[];
  readonly repeated: readonly RepeatedSignature[];
  readonly refused: readonly RefusedSignature[];
  /** Everything else that came back and was not sent so. */
  readonly injected: readonly InjectedRecord[];
}

/**
 * Takes in what a station sends back, and trusts none of it. `base` is our own stored PSBT: the
 * transaction, the amounts and the scripts are its alone, matched against the policy anew. Of `returned`,
 * of either version, only partial signatures are looked at, each judged alone: good ones are taken, bad
 * ones named and left out, and neither touches the other. Everything else in the file is reported and
 * left where it was, final scripts too. `base` itself is not changed, and what it holds is not judged
 * again: that is `verifySignatures`.
 *
 * Whatever the order of the files, the same cosigners have signed in the end; while each key makes one
 * signature, the result is the same bytes.
 *
 * @throws `PSBT_TRANSACTION_DIFFERS` if the file is of another spend, and as `matchPolicy` for `base`
 */
export const takeSignatures = (
  base: Psbt,
  returned: Psbt,
  scripts: PolicyScripts,
): SignatureIntake => {
  checkSameTransaction(base.transaction, returned.transaction, 'The returned PSBT');
  const match = matchPolicy(base, scripts);
  const intake: Intake = {
    match,
    hashes: signatureHashes(match),
    taken: [],
    repeated: [],
    refused: [],
  };
  for (const [index, map] of returned.inputs.entries()) {
    for (const signature of partialSignaturesOf(map, index)) {
      judge(intake, signature, base.inputs[index] ?? []);
    }
  }
  const { taken, repeated, refused } = intake;
  const injected = injectedRecords(base, returned);
  return { psbt: withSignatures(base, taken), taken, repeated, refused, injected };
};

interface Intake {
  readonly match: PolicyMatch;
  readonly hashes: SignatureHashes;
  readonly taken: TakenSignature[];
  readonly repeated: RepeatedSignature[];
  readonly refused: RefusedSignature[];
}

const judge = (
  { match, hashes, ...intake }: Intake,
  signature: PartialSignature,
  held: PsbtMap,
): void => {
  const first = signatureFor(held, signature.publicKey);
  if (first !== undefined && equalBytes(first, signature.signature)) {
    // What we hold was judged when it came in; a stranger's that got there is judged again below.
    const cosigner = cosignerAt(match, signature);
    if (cosigner !== undefined) {
      intake.repeated.push({ ...signature, cosigner, same: true });
      return;
    }
  }
  const verdict = checkSignature(signature, match, hashes);
  if (!verdict.good) {
    const { code, message } = verdict.error;
    const { cosigner } = verdict;
    const refused = { ...signature, code, message, conflicts: first !== undefined };
    intake.refused.push(cosigner === undefined ? refused : { ...refused, cosigner });
    return;
  }
  const good = { ...signature, cosigner: verdict.cosigner };
  if (first === undefined) intake.taken.push(good);
  else intake.repeated.push({ ...good, same: false });
};
