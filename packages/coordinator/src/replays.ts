import type { PolicyScripts } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import {
  checkSignature,
  fieldsOf,
  INPUT,
  matchPolicy,
  type PartialSignature,
  type PolicyMatch,
  type SignatureHashes,
  signatureHashes,
} from '@qoima/psbt';
import type { Coordinator } from './coordinator.ts';
import { ifSound } from './if-sound.ts';
import type { Proposal } from './proposal.ts';

/**
 * Finds, for a signature that is no good here, another proposal of the same policy for whose
 * transaction it is: one that was withdrawn, most likely, or one on its way. Signatures of transactions
 * that were never proposed here cannot be found. Nothing is read before the first signature is asked for,
 * and no more than `MAX_TRIALS` signatures are verified.
 */
export const otherProposals = (
  coordinator: Coordinator,
  scripts: PolicyScripts,
  { id, policyId }: Proposal,
): ((signature: PartialSignature) => Proposal | undefined) => {
  let others: readonly KnownProposal[] | undefined;
  let trials = 0;
  return (signature) => {
    others ??= coordinator.proposals
      .list()
      .filter((other) => other.id !== id && other.policyId === policyId)
      .flatMap((other) => readKnown(coordinator, other) ?? []);
    const key = formatHex(signature.publicKey);
    return others.find((other) =>
      (other.inputsOf.get(key) ?? []).some((inputIndex) => {
        if (++trials > MAX_TRIALS) return false;
        const judge = other.judge(scripts);
        if (judge === undefined) return false;
        return checkSignature({ ...signature, inputIndex }, judge.match, judge.hashes).good;
      }),
    )?.proposal;
  };
};

/** A second or two: a hostile file need not cost more. */
const MAX_TRIALS = 10_000;

interface KnownProposal {
  readonly proposal: Proposal;
  /** At which inputs a key, in hex, may sign. */
  readonly inputsOf: ReadonlyMap<string, readonly number[]>;
  /** Made once, and only if one of its keys comes up: it derives all of them. */
  readonly judge: (scripts: PolicyScripts) => Judge | undefined;
}

interface Judge {
  readonly match: PolicyMatch;
  readonly hashes: SignatureHashes;
}

const readKnown = (coordinator: Coordinator, proposal: Proposal): KnownProposal | undefined => {
  const psbt = ifSound(() => coordinator.proposals.readSigned(proposal.id));
  if (psbt === undefined) return undefined;
  const inputsOf = new Map<string, number[]>();
  for (const [index, map] of psbt.inputs.entries()) {
    for (const { key } of fieldsOf(map, INPUT.derivation)) {
      const text = formatHex(key);
      const places = inputsOf.get(text);
      if (places === undefined) inputsOf.set(text, [index]);
      else places.push(index);
    }
  }
  let judge: Judge | undefined;
  return {
    proposal,
    inputsOf,
    judge: (scripts) => {
      judge ??= ifSound(() => {
        const match = matchPolicy(psbt, scripts);
        return { match, hashes: signatureHashes(match) };
      });
      return judge;
    },
  };
};
