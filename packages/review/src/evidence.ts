import { type PolicyScript, type PolicyScripts } from '@qoima/policy';
import { equalBytes, formatTxid, isQoimaError, type Outpoint, type Sats } from '@qoima/primitives';
import {
  fieldOf,
  fieldsOf,
  INPUT,
  OUTPUT,
  type Psbt,
  type PsbtMap,
  type TransactionOutput,
  transactionId,
  transactionOutput,
} from '@qoima/psbt';
import { type Claim, claimOf } from './claim.ts';

/** What the previous transaction in an input says, once its hash has been held against the outpoint. */
export type PreviousOutput =
  | { readonly state: 'proven'; readonly spent: TransactionOutput }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable' }
  | { readonly state: 'no-such-output' }
  | { readonly state: 'other-transaction'; readonly actual: string };

export interface InputEvidence {
  readonly where: string;
  readonly map: PsbtMap;
  readonly outpoint: Outpoint;
  readonly sequence: number;
  readonly previous: PreviousOutput;
  readonly claim: Claim;
  /** The policy's script, only when it is proven to be the one spent. */
  readonly own: PolicyScript | undefined;
}

export interface OutputEvidence {
  readonly where: string;
  readonly map: PsbtMap;
  readonly amount: Sats;
  readonly script: Uint8Array;
  readonly claim: Claim;
  /** The policy's script, only when it is proven to be the one paid. */
  readonly own: PolicyScript | undefined;
}

/** Everything the rules judge, gathered once from bytes and policy. Nothing in it is believed. */
export interface Evidence {
  readonly psbt: Psbt;
  readonly scripts: PolicyScripts;
  readonly inputs: readonly InputEvidence[];
  readonly outputs: readonly OutputEvidence[];
}

export const gatherEvidence = (psbt: Psbt, scripts: PolicyScripts): Evidence => ({
  psbt,
  scripts,
  inputs: psbt.transaction.inputs.map(({ txid, vout, sequence }, index) => {
    const map = psbt.inputs[index] as PsbtMap;
    const outpoint = { txid: formatTxid(txid), vout };
    const previous = previousOutput(map, outpoint);
    const claim = claimOf(fieldsOf(map, INPUT.derivation), scripts);
    const own = previous.state === 'proven' ? proven(claim, previous.spent.script) : undefined;
    return {
      where: `input ${index}`,
      map,
      outpoint,
      sequence,
      previous,
      claim,
      own,
    };
  }),
  outputs: psbt.transaction.outputs.map(({ amount, script }, index) => {
    const map = psbt.outputs[index] as PsbtMap;
    const claim = claimOf(fieldsOf(map, OUTPUT.derivation), scripts);
    return { where: `output ${index}`, map, amount, script, claim, own: proven(claim, script) };
  }),
});

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
