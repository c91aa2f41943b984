import type { PolicyScripts } from '@qoima/policy';
import { equalBytes } from '@qoima/primitives';
import { checkSignatures, cosignerAt, type SignatureVerdict } from './check-signature.ts';
import { type InjectedRecord, injectedRecords } from './injected-records.ts';
import { matchPolicy, type PolicyMatch } from './match-policy.ts';
import {
  type PartialSignature,
  partialSignaturesOf,
  signatureFor,
  withSignatures,
} from './partial-signature.ts';
import type { Psbt } from './record.ts';
import { checkSameTransaction } from './same-transaction.ts';
import { signatureHashes } from './signature-hashes.ts';

/** A good signature, and whose it is. */
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

/** A signature that was left out, and why. */
export interface RefusedSignature extends PartialSignature {
  /** Missing if the key is none of the policy's at this input. */
  readonly cosigner?: string;
  /** As of `checkSignature`. */
  readonly code: string;
  readonly message: string;
  /** True if a good signature of the same key is held: two that contradict each other. */
  readonly conflicts: boolean;
}

/** What came of a returned file, each signature by itself. */
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
  const received = returned.inputs.flatMap((map, index) =>
    partialSignaturesOf(map, index).map((signature) => receive(signature, base, match)),
  );
  const unjudged = received.filter(({ repeats }) => repeats === undefined);
  const verdicts = checkSignatures(
    unjudged.map(({ signature }) => signature),
    match,
    signatureHashes(match),
  ).values();
  const taken: TakenSignature[] = [];
  const repeated: RepeatedSignature[] = [];
  const refused: RefusedSignature[] = [];
  for (const { signature, isHeld, repeats } of received) {
    if (repeats !== undefined) {
      repeated.push({ ...signature, cosigner: repeats, same: true });
      continue;
    }
    const verdict = verdicts.next().value as SignatureVerdict;
    if (!verdict.good) {
      const { cosigner, error } = verdict;
      const { code, message } = error;
      const bad = { ...signature, code, message, conflicts: isHeld };
      refused.push(cosigner === undefined ? bad : { ...bad, cosigner });
    } else {
      const good = { ...signature, cosigner: verdict.cosigner };
      if (isHeld) repeated.push({ ...good, same: false });
      else taken.push(good);
    }
  }
  const injected = injectedRecords(base, returned);
  return { psbt: withSignatures(base, taken), taken, repeated, refused, injected };
};

interface ReceivedSignature {
  readonly signature: PartialSignature;
  /** Whether one of the same key is held. */
  readonly isHeld: boolean;
  /** The cosigner of whom this very signature is held. */
  readonly repeats: string | undefined;
}

/**
 * What we hold was judged when it came in, and is not judged again; but a stranger's that got there is.
 */
const receive = (
  signature: PartialSignature,
  base: Psbt,
  match: PolicyMatch,
): ReceivedSignature => {
  const held = signatureFor(base.inputs[signature.inputIndex] ?? [], signature.publicKey);
  const isSame = held !== undefined && equalBytes(held, signature.signature);
  const repeats = isSame ? cosignerAt(match, signature) : undefined;
  return { signature, isHeld: held !== undefined, repeats };
};
