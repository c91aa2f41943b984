import { psbtError } from './errors.ts';
import { fieldOf, INPUT } from './fields.ts';
import { isFinal } from './open-input.ts';
import type { Psbt, PsbtMap } from './record.ts';
import { encodeSignedTransaction, type FinalScripts } from './transaction.ts';

/**
 * Transaction Extractor (BIP-174): the signed transaction in its bytes, as the network takes it. It
 * looks for final scripts and judges nothing: what this package finalised was verified before, and the
 * node is asked before anything is broadcast.
 * @throws `PSBT_NOT_FINAL`
 */
export const extractTransaction = (psbt: Psbt): Uint8Array => {
  const { transaction } = psbt;
  const open: number[] = [];
  for (const [index, map] of psbt.inputs.entries()) if (!isFinal(map)) open.push(index);
  if (open.length > 0 || psbt.inputs.length === 0) {
    throw psbtError(
      'PSBT_NOT_FINAL',
      `${open.length} of ${psbt.inputs.length} inputs are not final.`,
      { inputs: open.slice(0, 100) },
    );
  }
  return encodeSignedTransaction(transaction, psbt.inputs.map(finalScripts));
};

/** The witness as it is: the record holds it in the very bytes that the transaction takes. */
const finalScripts = (map: PsbtMap): FinalScripts => ({
  scriptSig: fieldOf(map, INPUT.finalScriptSig) ?? noScript,
  witness: map.find(({ type }) => type === INPUT.finalScriptWitness.type)?.value ?? noWitness,
});

const noScript = new Uint8Array();
const noWitness = new Uint8Array(1);
