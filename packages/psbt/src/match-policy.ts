import {
  encodeExtendedKey,
  formatKeyOrigin,
  type PolicyScript,
  type PolicyScripts,
  type WalletPolicy,
} from '@qoima/policy';
import { equalBytes, formatHex, indexOfBytes, type Sats, sumSats } from '@qoima/primitives';
import {
  type ClaimReader,
  checkClaims,
  claimReader,
  placeName,
  placeOf,
} from './derivation-claims.ts';
import { psbtError } from './errors.ts';
import { type Field, fieldOf, fieldsOf, GLOBAL, INPUT, OUTPUT } from './fields.ts';
import { isFinal } from './open-input.ts';
import type { PreviousTransactions } from './previous-output.ts';
import type { Psbt, PsbtMap } from './record.ts';
import { scriptHex } from './script-hex.ts';
import { spentOutput } from './spent-output.ts';
import type { TransactionOutput, UnsignedInput, UnsignedTransaction } from './transaction.ts';

/** An input of which it is proven that the policy owns it, and what it is worth. */
export interface MatchedInput {
  readonly script: PolicyScript;
  readonly amount: Sats;
}

/** A PSBT seen through a policy: everything here was derived anew or proven by hashing. */
export interface PolicyMatch {
  readonly policy: WalletPolicy;
  readonly transaction: UnsignedTransaction;
  readonly inputs: readonly MatchedInput[];
  /** For each output the script of the change branch that it pays to; undefined if it is a payment. */
  readonly outputs: readonly (PolicyScript | undefined)[];
  /** Payments that are found to go to the policy's own receive branch: payments all the same. */
  readonly ownReceive: readonly (PolicyScript | undefined)[];
  /** Inputs minus outputs. */
  readonly fee: Sats;
}

/**
 * Re-derives a PSBT from a policy. Every input must bring its previous transaction, which must hash to
 * the outpoint and pay the policy's script at the place that the derivations tell; amounts come from
 * there and from nowhere else. An output is change if it pays the policy's script of the change branch,
 * made here. Whatever else the PSBT says about the policy (scripts, derivations, extended keys) may be
 * missing, in any order, but must not be untrue.
 *
 * Not judged: how far an index is from those in use, an own output that brings no derivation (it counts
 * as a payment), the fee, signatures, sighash types. Those are for review and for the roles.
 *
 * @throws `PSBT_EMPTY`, `PSBT_PREVIOUS_TX_MISSING`, `PSBT_PREVIOUS_TX_WRONG`, `PSBT_UTXO_MISMATCH`,
 *   `PSBT_SCRIPT_MISMATCH`, `PSBT_NOT_THIS_POLICY`, `PSBT_DERIVATION_WRONG`, `PSBT_CHANGE_MISMATCH`,
 *   `PSBT_OVERSPENT`, `AMOUNT_OUT_OF_RANGE`; `PSBT_ALREADY_FINAL` for an input of which a Finalizer has
 *   cleared what the policy is recognised by
 */
export const matchPolicy = (psbt: Psbt, scripts: PolicyScripts): PolicyMatch => {
  const { transaction } = psbt;
  if (transaction.inputs.length === 0 || transaction.outputs.length === 0) {
    throw psbtError('PSBT_EMPTY', 'The PSBT has no inputs or no outputs.');
  }
  checkExtendedKeys(psbt.global, scripts.policy);
  const readClaims = claimReader(scripts.policy);
  const matcher: Matcher = { scripts, readClaims, previous: new Map() };
  const inputs = transaction.inputs.map((input, index) =>
    matchInput(matcher, input, psbt.inputs[index] ?? [], `Input ${index}`),
  );
  const own = transaction.outputs.map((output, index) =>
    matchOutput(matcher, output, psbt.outputs[index] ?? [], `Output ${index}`),
  );
  return {
    policy: scripts.policy,
    transaction,
    inputs,
    outputs: own.map((script) => (script?.branch === 'change' ? script : undefined)),
    ownReceive: own.map((script) => (script?.branch === 'receive' ? script : undefined)),
    fee: feeOf(
      inputs.map(({ amount }) => amount),
      transaction.outputs.map(({ amount }) => amount),
    ),
  };
};

/** What the outputs leave of the inputs. @throws `PSBT_OVERSPENT`, `AMOUNT_OUT_OF_RANGE` */
export const feeOf = (inputs: readonly Sats[], outputs: readonly Sats[]): Sats => {
  const spent = sumSats(inputs, 'The sum of the inputs');
  const paid = sumSats(outputs, 'The sum of the outputs');
  if (paid <= spent) return spent - paid;
  throw psbtError(
    'PSBT_OVERSPENT',
    `The outputs are worth ${paid} satoshis, and the inputs ${spent}.`,
    { inputsSats: spent.toString(), outputsSats: paid.toString() },
  );
};

/** What all inputs and outputs are matched with. */
interface Matcher {
  readonly scripts: PolicyScripts;
  readonly readClaims: ClaimReader;
  readonly previous: PreviousTransactions;
}

const matchInput = (
  { scripts, readClaims, previous }: Matcher,
  input: UnsignedInput,
  map: PsbtMap,
  where: string,
): MatchedInput => {
  const spent = spentOutput(input, map, where, previous);
  const facts = { map: where.toLowerCase() };
  if (!spent?.proven) {
    const what = `${where} comes without its previous transaction.`;
    throw psbtError('PSBT_PREVIOUS_TX_MISSING', what, facts);
  }
  const claims = readClaims(map, INPUT.derivation);
  const place = placeOf(claims, where);
  if (place === undefined) {
    if (isFinal(map)) throw psbtError('PSBT_ALREADY_FINAL', `${where} is final.`, facts);
    throw psbtError(
      'PSBT_NOT_THIS_POLICY',
      `${where} has no derivation of a key of the policy ${scripts.policy.name}.`,
      { ...facts, policy: scripts.policy.name },
    );
  }
  const script = scripts.at(place.branch, place.index);
  if (!equalBytes(script.scriptPubKey, spent.script)) {
    throw psbtError(
      'PSBT_NOT_THIS_POLICY',
      `${where} claims ${placeName(place)} of the policy ${scripts.policy.name}, and spends another script.`,
      { ...facts, expected: scriptHex(script.scriptPubKey), actual: scriptHex(spent.script) },
    );
  }
  checkClaims(claims, script, scripts.policy, where);
  checkScript(map, INPUT.redeemScript, script.redeemScript, where);
  checkScript(map, INPUT.witnessScript, script.witnessScript, where);
  return { script, amount: spent.amount };
};

const matchOutput = (
  { scripts, readClaims }: Matcher,
  output: TransactionOutput,
  map: PsbtMap,
  where: string,
): PolicyScript | undefined => {
  const claims = readClaims(map, OUTPUT.derivation);
  const place = placeOf(claims, where);
  if (place === undefined) return undefined;
  const script = scripts.at(place.branch, place.index);
  if (!equalBytes(script.scriptPubKey, output.script)) {
    throw psbtError(
      'PSBT_CHANGE_MISMATCH',
      `${where} claims to pay to ${placeName(place)} of the policy ${scripts.policy.name}, and does not.`,
      {
        map: where.toLowerCase(),
        expected: scriptHex(script.scriptPubKey),
        actual: scriptHex(output.script),
      },
    );
  }
  checkClaims(claims, script, scripts.policy, where);
  checkScript(map, OUTPUT.redeemScript, script.redeemScript, where);
  checkScript(map, OUTPUT.witnessScript, script.witnessScript, where);
  return script;
};

const checkScript = (
  map: PsbtMap,
  field: Field<undefined, Uint8Array>,
  expected: Uint8Array | undefined,
  where: string,
): void => {
  const actual = fieldOf(map, field);
  if (actual === undefined) return;
  if (expected !== undefined && equalBytes(expected, actual)) return;
  throw psbtError('PSBT_SCRIPT_MISMATCH', `${where}: ${field.name} is not the policy’s.`, {
    map: where.toLowerCase(),
    expected: expected === undefined ? 'none' : scriptHex(expected),
    actual: scriptHex(actual),
  });
};

/** Where the parent fingerprint stands in a serialised extended key (BIP-32): hearsay, not compared. */
const PARENT: readonly [number, number] = [5, 9];

const checkExtendedKeys = (global: PsbtMap, policy: WalletPolicy): void => {
  const own = policy.cosigners.map(({ key }) => withoutParent(encodeExtendedKey(key)));
  for (const { key, value: origin } of fieldsOf(global, GLOBAL.extendedKey)) {
    const shown = withoutParent(key);
    const cosigner = policy.cosigners[indexOfBytes(own, shown)];
    if (cosigner === undefined) {
      throw psbtError(
        'PSBT_NOT_THIS_POLICY',
        `The PSBT brings an extended key that is no cosigner’s of the policy ${policy.name}.`,
        { map: 'global', extendedKey: formatHex(key) },
      );
    }
    const expected = formatKeyOrigin(cosigner.origin, "'");
    const actual = formatKeyOrigin(origin, "'");
    if (expected !== actual) {
      throw psbtError(
        'PSBT_DERIVATION_WRONG',
        `The PSBT gives the extended key of ${cosigner.name} the origin ${actual}.`,
        { map: 'global', cosigner: cosigner.name, expected, actual },
      );
    }
  }
};

const withoutParent = (key: Uint8Array): Uint8Array => new Uint8Array(key).fill(0, ...PARENT);
