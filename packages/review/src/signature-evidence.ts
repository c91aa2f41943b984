import type { PolicyScript, WalletPolicy } from '@qoima/policy';
import { indexOfBytes, type Sats } from '@qoima/primitives';
import {
  checkSignatures,
  type MatchedInput,
  type PartialSignature,
  type PolicyMatch,
  type SignatureVerdict,
  signatureHashes,
  type UnsignedTransaction,
} from '@qoima/psbt';

/** What is to be thought of a signature; `unjudged` at an input that is not proven to be the policy's. */
export type SignatureState = 'good' | 'flag' | 'stranger' | 'encoding' | 'invalid' | 'unjudged';

/** A signature that the PSBT carries. */
export interface JudgedSignature extends PartialSignature {
  readonly where: string;
  readonly state: SignatureState;
  /** Whose key it is by, if it is a cosigner's. */
  readonly cosigner: string | undefined;
}

interface JudgedInput {
  readonly own: PolicyScript | undefined;
  readonly amount: Sats | undefined;
}

/** SIGHASH_ALL (BIP-143), the only type that a cosigner of Qoima signs with. */
export const SIGHASH_ALL = 1;

/**
 * Judges every signature over the sighash that the evidence gives: the policy's own scripts and the
 * proven amounts, whatever the PSBT says of them. Nothing is hashed if there is none, and nothing is
 * verified for a key that is not the policy's.
 */
export const judgeSignatures = (
  signatures: readonly PartialSignature[],
  transaction: UnsignedTransaction,
  policy: WalletPolicy,
  inputs: readonly JudgedInput[],
): readonly JudgedSignature[] => {
  if (signatures.length === 0) return [];
  // One entry for each input; none is ever asked for that is not proven.
  const proven: MatchedInput[] = [];
  for (const [index, { own, amount }] of inputs.entries()) {
    if (own !== undefined && amount !== undefined) proven[index] = { script: own, amount };
  }
  const match: PolicyMatch = {
    policy,
    transaction,
    inputs: proven,
    outputs: [],
    ownReceive: [],
    fee: 0n,
  };
  const judged = signatures.map((signed) => {
    const { inputIndex, publicKey, signature } = signed;
    const keys = proven[inputIndex]?.script.publicKeys;
    const cosigner = policy.cosigners[indexOfBytes(keys ?? [], publicKey)];
    const known = (): Exclude<SignatureState, 'good' | 'encoding' | 'invalid'> | undefined => {
      if (signature.at(-1) !== SIGHASH_ALL) return 'flag';
      if (keys === undefined) return 'unjudged';
      return cosigner === undefined ? 'stranger' : undefined;
    };
    return { signed, cosigner: cosigner?.name, state: known() };
  });
  const open = judged.filter(({ state }) => state === undefined).map(({ signed }) => signed);
  const verdicts = checkSignatures(open, match, signatureHashes(match)).values();
  return judged.map(({ signed, cosigner, state }) => ({
    ...signed,
    where: `input ${signed.inputIndex}`,
    state: state ?? stateOf(verdicts.next().value as SignatureVerdict),
    cosigner,
  }));
};

const stateOf = (verdict: SignatureVerdict): SignatureState => {
  if (verdict.good) return 'good';
  return verdict.error.code === 'PSBT_SIGNATURE_ENCODING' ? 'encoding' : 'invalid';
};
