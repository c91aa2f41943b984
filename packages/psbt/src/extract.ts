import { psbtError } from './errors.ts';
import { fieldOf, INPUT } from './fields.ts';
import { isFinal } from './open-input.ts';
import type { Psbt, PsbtMap } from './record.ts';
import { encodeTransaction, type TransactionInput, type UnsignedInput } from './transaction.ts';

/**
 * Transaction Extractor (BIP-174): the signed transaction in its bytes, as the network takes it. It
 * looks for final scripts and judges nothing: what this package finalised was verified before, and the
 * node is asked before anything is broadcast.
 * @throws `PSBT_NOT_FINAL`
 */
export const extractTransaction = (psbt: Psbt): Uint8Array => {
  const { transaction } = psbt;
  const open = psbt.inputs.flatMap((map, index) => (isFinal(map) ? [] : [index]));
  if (open.length > 0 || psbt.inputs.length === 0) {
    throw psbtError(
      'PSBT_NOT_FINAL',
      `${open.length} of ${psbt.inputs.length} inputs are not final.`,
      { inputs: open.slice(0, 100) },
    );
  }
  const inputs = transaction.inputs.map((input, index) => signedInput(input, psbt.inputs[index]));
  return encodeTransaction({ ...transaction, inputs });
};

const signedInput = (
  { txid, vout, sequence }: UnsignedInput,
  map: PsbtMap = [],
): TransactionInput => ({
  txid,
  vout,
  sequence,
  scriptSig: fieldOf(map, INPUT.finalScriptSig) ?? none,
  witness: fieldOf(map, INPUT.finalScriptWitness) ?? [],
});

const none = new Uint8Array();
