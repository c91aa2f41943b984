import type { AddressPlace, PolicyScript, PolicyScripts } from '@qoima/policy';
import { equalBytes, formatHex, formatTxid, type Txid } from '@qoima/primitives';
import { type ClaimReader, claimReader, placeOf } from './derivation-claims.ts';
import { psbtError } from './errors.ts';
import { fieldOf, INPUT, OUTPUT } from './fields.ts';
import { isFinal } from './open-input.ts';
import { inputFields, outputFields, type PolicyFields, policyFields } from './policy-fields.ts';
import type { PreviousTransactions } from './previous-output.ts';
import { compareKeys, type Psbt, type PsbtMap, withRecords } from './record.ts';
import { spentOutput } from './spent-output.ts';
import type { UnsignedInput } from './transaction.ts';

/** Where a script of the policy stands, if the caller knows: a coordinator has a list of them. */
export type Locate = (scriptPubKey: Uint8Array) => AddressPlace | undefined;

/**
 * Updater: fills what is missing in a PSBT that another program made, from the policy and the previous
 * transactions: whatever `createPsbt` would have put in. An input is the policy's if it spends the
 * script of the place that its derivations tell or, without derivations, that `locate` tells; an output
 * in the same way. All other inputs get their previous transaction and nothing else, all other outputs
 * nothing. Final inputs stay as they are.
 *
 * Nothing is ever overwritten: what is there must be the same, or the whole update is refused. The
 * result is not yet proven to be the policy's: that is `matchPolicy`.
 *
 * @throws `PSBT_FIELD_CONFLICT`, `PSBT_PREVIOUS_TX_WRONG`, `PSBT_UTXO_MISMATCH`,
 *   `PSBT_SCRIPT_MISMATCH`, `PSBT_DERIVATION_WRONG`, `PSBT_TRANSACTION_INVALID`,
 *   `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const updatePsbt = (
  psbt: Psbt,
  scripts: PolicyScripts,
  previousTransactions: ReadonlyMap<Txid, Uint8Array>,
  locate: Locate = () => undefined,
): Psbt => {
  const fields = policyFields(scripts.policy, psbt.inputs.length + psbt.outputs.length);
  const previous: PreviousTransactions = new Map();
  const readClaims = claimReader(scripts.policy);
  const updater: Updater = { scripts, fields, readClaims, previous, previousTransactions, locate };
  return {
    ...psbt,
    global: filled(psbt.global, fields.global, 'The global map'),
    inputs: psbt.inputs.map((map, index) => {
      const input = psbt.transaction.inputs[index];
      return input === undefined ? map : updateInput(updater, input, map, `Input ${index}`);
    }),
    outputs: psbt.outputs.map((map, index) => {
      const script = psbt.transaction.outputs[index]?.script;
      return script === undefined ? map : updateOutput(updater, script, map, `Output ${index}`);
    }),
  };
};

interface Updater {
  readonly scripts: PolicyScripts;
  readonly fields: PolicyFields;
  readonly readClaims: ClaimReader;
  readonly previous: PreviousTransactions;
  readonly previousTransactions: ReadonlyMap<Txid, Uint8Array>;
  readonly locate: Locate;
}

const updateInput = (
  { scripts, fields, readClaims, previous, previousTransactions, locate }: Updater,
  input: UnsignedInput,
  map: PsbtMap,
  where: string,
): PsbtMap => {
  if (isFinal(map)) return map;
  // One with its witness and one without have the same id: the one that is there stays.
  const bytes =
    fieldOf(map, INPUT.nonWitnessUtxo) ?? previousTransactions.get(formatTxid(input.txid));
  if (bytes === undefined) return map;
  const known = withRecords(map, [
    { type: INPUT.nonWitnessUtxo.type, keyData: none, value: bytes },
  ]);
  const spent = spentOutput(input, known, where, previous);
  if (spent === undefined) throw new Error('the previous transaction was just put in');
  const place = placeOf(readClaims(map, INPUT.derivation), where) ?? locate(spent.script);
  const script = place && scripts.at(place.branch, place.index);
  if (script === undefined || !equalBytes(script.scriptPubKey, spent.script)) return known;
  const complete = filled(known, inputFields(fields, script, bytes, spent), where);
  // With the scripts in it there is more to contradict: a witness UTXO of an input without witness.
  spentOutput(input, complete, where, previous);
  return complete;
};

const updateOutput = (
  { scripts, fields, readClaims, locate }: Updater,
  scriptPubKey: Uint8Array,
  map: PsbtMap,
  where: string,
): PsbtMap => {
  const place = placeOf(readClaims(map, OUTPUT.derivation), where) ?? locate(scriptPubKey);
  const script: PolicyScript | undefined = place && scripts.at(place.branch, place.index);
  if (script === undefined || !equalBytes(script.scriptPubKey, scriptPubKey)) return map;
  return filled(map, outputFields(fields, script), where);
};

const none = new Uint8Array();

/** The map with what it lacks of these records. @throws `PSBT_FIELD_CONFLICT` */
const filled = (map: PsbtMap, records: PsbtMap, where: string): PsbtMap => {
  const missing = records.filter((record) => {
    const there = map.find((other) => compareKeys(other, record) === 0);
    if (there === undefined) return true;
    if (equalBytes(there.value, record.value)) return false;
    throw psbtError(
      'PSBT_FIELD_CONFLICT',
      `${where} has another value than the policy for the key of type ${record.type}.`,
      {
        map: where.toLowerCase(),
        type: record.type,
        keyData: formatHex(record.keyData),
        expected: formatHex(record.value.subarray(0, 100)),
        actual: formatHex(there.value.subarray(0, 100)),
      },
    );
  });
  return missing.length === 0 ? map : withRecords(map, missing);
};
