import {
  type Cosigner,
  defaultLimits,
  type PolicyScript,
  type PolicyScripts,
  type SpendLimits,
} from '@qoima/policy';
import {
  equalBytes,
  type FeeRate,
  feeRateOf,
  formatTxid,
  hash256,
  isQoimaError,
  type Outpoint,
  type Sats,
  type Txid,
} from '@qoima/primitives';
import {
  encodeUnsignedTransaction,
  estimateVsize,
  fieldOf,
  fieldsOf,
  INPUT,
  isFinal,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  partialSignaturesOf,
  type TransactionOutput,
  transactionId,
  transactionOutput,
} from '@qoima/psbt';
import { type Claim, claimOf, type Derivation, NO_CLAIM } from './claim.ts';
import { type ExtendedKeyClaim, extendedKeyClaims } from './extended-keys.ts';
import type { SpendMemory } from './memory.ts';
import { type JudgedSignature, judgeSignatures } from './signature-evidence.ts';

/** What a machine knows beside the PSBT and the policy. */
export interface ReviewContext {
  /** Earlier spends. */
  readonly memory?: SpendMemory | undefined;
  /** Who is about to sign. */
  readonly signer?: Cosigner | undefined;
}

/** What the previous transaction in an input says, once its hash has been held against the outpoint. */
export type PreviousOutput =
  | { readonly state: 'proven'; readonly spent: TransactionOutput }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable' }
  | { readonly state: 'no-such-output' }
  | { readonly state: 'other-transaction'; readonly actual: string };

/** What a map says that the scripts behind a scriptPubKey are, and whose keys are in them. */
interface MapEvidence {
  readonly where: string;
  readonly map: PsbtMap;
  readonly redeemScript: Uint8Array | undefined;
  readonly witnessScript: Uint8Array | undefined;
  readonly derivations: readonly Derivation[];
  readonly claim: Claim;
  /** The policy's script, only when it is proven to be the one that is spent or paid. */
  readonly own: PolicyScript | undefined;
}

export interface InputEvidence extends MapEvidence {
  readonly kind: 'input';
  readonly outpoint: Outpoint;
  readonly sequence: number;
  readonly previous: PreviousOutput;
  /** Undefined when the previous transaction does not prove it. */
  readonly amount: Sats | undefined;
  readonly witnessUtxo: TransactionOutput | undefined;
  readonly sighashType: number | undefined;
  readonly isFinal: boolean;
}

export interface OutputEvidence extends MapEvidence {
  readonly kind: 'output';
  readonly amount: Sats;
  readonly script: Uint8Array;
}

/** Everything the rules judge, gathered once from bytes and policy. Nothing in it is believed. */
export interface Evidence {
  readonly psbt: Psbt;
  readonly scripts: PolicyScripts;
  readonly limits: SpendLimits;
  readonly context: ReviewContext;
  /** Of the unsigned transaction. */
  readonly txid: Txid;
  readonly inputs: readonly InputEvidence[];
  readonly outputs: readonly OutputEvidence[];
  /** The global xpubs. */
  readonly extendedKeys: readonly ExtendedKeyClaim[];
  /** In the order of the inputs. */
  readonly signatures: readonly JudgedSignature[];
  /** Virtual bytes once k cosigners have signed, at most. */
  readonly vsize: number;
  /** The sum of all inputs; undefined while one is not proven. */
  readonly spent: Sats | undefined;
  readonly paid: Sats;
  /** Inputs minus outputs: below zero if the outputs take more. */
  readonly fee: Sats | undefined;
  /** Undefined for a fee below zero, too. */
  readonly feeRate: FeeRate | undefined;
}

export const gatherEvidence = (
  psbt: Psbt,
  scripts: PolicyScripts,
  context: ReviewContext,
): Evidence => {
  const { transaction } = psbt;
  const inputs = transaction.inputs.map((_, index) => inputEvidence(psbt, index, scripts));
  let claimed = 0;
  const outputs = transaction.outputs.map((_, index) => {
    const derivations = fieldsOf(psbt.outputs[index] as PsbtMap, OUTPUT.derivation);
    if (derivations.length > 0) claimed++;
    const claim = claimed > MAX_CLAIMED ? UNHEARD : claimOf(derivations, scripts);
    return outputEvidence(psbt, index, derivations, claim);
  });
  const vsize = estimateVsize(
    scripts.policy,
    inputs.length,
    outputs.map(({ script }) => script),
  );
  const spent = sumOf(inputs.map(({ amount }) => amount));
  const paid = outputs.reduce((sum, { amount }) => sum + amount, 0n);
  const fee = spent === undefined ? undefined : spent - paid;
  return {
    psbt,
    scripts,
    limits: scripts.policy.limits ?? defaultLimits,
    context,
    // Not read back as a transaction, which one without inputs could not be.
    txid: formatTxid(hash256(encodeUnsignedTransaction(transaction))),
    inputs,
    outputs,
    extendedKeys: extendedKeyClaims(psbt.global, scripts.policy),
    signatures: judgeSignatures(
      psbt.inputs.flatMap(partialSignaturesOf),
      transaction,
      scripts.policy,
      inputs,
    ),
    vsize,
    spent,
    paid,
    fee,
    feeRate: fee === undefined || fee < 0n ? undefined : feeRateOf(fee, vsize),
  };
};

const inputEvidence = (psbt: Psbt, index: number, scripts: PolicyScripts): InputEvidence => {
  const { txid, vout, sequence } = psbt.transaction.inputs[
    index
  ] as Psbt['transaction']['inputs'][0];
  const map = psbt.inputs[index] as PsbtMap;
  const outpoint = { txid: formatTxid(txid), vout };
  const previous = previousOutput(map, outpoint);
  const derivations = fieldsOf(map, INPUT.derivation);
  // What is not known to exist is nobody's, and deriving keys is what takes time.
  const claim = previous.state === 'proven' ? claimOf(derivations, scripts) : NO_CLAIM;
  return {
    kind: 'input',
    where: `input ${index}`,
    map,
    outpoint,
    sequence,
    previous,
    amount: previous.state === 'proven' ? previous.spent.amount : undefined,
    witnessUtxo: fieldOf(map, INPUT.witnessUtxo),
    sighashType: fieldOf(map, INPUT.sighashType),
    isFinal: isFinal(map),
    redeemScript: fieldOf(map, INPUT.redeemScript),
    witnessScript: fieldOf(map, INPUT.witnessScript),
    derivations,
    claim,
    own: previous.state === 'proven' ? proven(claim, previous.spent.script) : undefined,
  };
};

/** A hundred times what a Ledger takes as change. A small file could ask for hours of deriving. */
const MAX_CLAIMED = 1000;
const UNHEARD: Claim = {
  state: 'disagree',
  reason: `more than ${MAX_CLAIMED} outputs of this transaction claim so`,
};

const outputEvidence = (
  psbt: Psbt,
  index: number,
  derivations: readonly Derivation[],
  claim: Claim,
): OutputEvidence => {
  const { amount, script } = psbt.transaction.outputs[index] as TransactionOutput;
  const map = psbt.outputs[index] as PsbtMap;
  return {
    kind: 'output',
    where: `output ${index}`,
    map,
    amount,
    script,
    redeemScript: fieldOf(map, OUTPUT.redeemScript),
    witnessScript: fieldOf(map, OUTPUT.witnessScript),
    derivations,
    claim,
    own: proven(claim, script),
  };
};

const proven = (claim: Claim, script: Uint8Array): PolicyScript | undefined =>
  claim.state === 'place' && equalBytes(claim.script.scriptPubKey, script)
    ? claim.script
    : undefined;

const previousOutput = (map: PsbtMap, { txid, vout }: Outpoint): PreviousOutput => {
  const bytes = fieldOf(map, INPUT.nonWitnessUtxo);
  if (bytes === undefined) return { state: 'missing' };
  try {
    const actual = transactionId(bytes);
    if (actual !== txid) return { state: 'other-transaction', actual };
    const spent = transactionOutput(bytes, vout);
    return spent === undefined ? { state: 'no-such-output' } : { state: 'proven', spent };
  } catch (error) {
    if (isQoimaError(error)) return { state: 'unreadable' };
    throw error;
  }
};

const sumOf = (amounts: readonly (Sats | undefined)[]): Sats | undefined => {
  let sum = 0n;
  for (const amount of amounts) {
    if (amount === undefined) return undefined;
    sum += amount;
  }
  return sum;
};
