import { policyKeys, policyTemplate, type WalletPolicy } from '@qoima/policy';
import { compactSizeLength, equalBytes } from '@qoima/primitives';
import {
  fieldOf,
  fieldsOf,
  INPUT,
  type PolicyMatch,
  type Psbt,
  type PsbtMap,
  type PsbtRecord,
  SIGHASH,
} from '@qoima/psbt';
import { estimateSigning } from './estimate.ts';
import { hiddenChange, MAX_OWN_KEYS, ownCosigners } from './own-cosigners.ts';
import { isShownScript } from './shown-script.ts';

/** Why a Ledger cannot, or must not, be asked. */
export interface LimitRefusal {
  readonly rule: LimitRule;
  /** `policy`, `transaction`, `input 3`, `output 1`. */
  readonly where: string;
  readonly what: string;
}

/** The rules of preflight, by what they look at. */
export type LimitRule =
  | 'policy-name'
  | 'policy-keys'
  | 'policy-template'
  | 'policy-path'
  | 'policy-key'
  | 'own-key'
  | 'own-keys'
  | 'inputs'
  | 'outputs'
  | 'change-outputs'
  | 'change-index'
  | 'change-derivation'
  | 'lock-time'
  | 'relative-lock'
  | 'output-script'
  | 'previous-transaction'
  | 'witness-utxo'
  | 'witness-script'
  | 'redeem-script'
  | 'derivation'
  | 'sighash'
  | 'record-key'
  | 'duration';

/** What the device never shows, as far as it may go because somebody else has shown it. */
export interface PreflightLimits {
  /** A change index may lie this far beyond the highest index among the inputs. */
  readonly changeWindow: number;
  /** The greatest lock time that holds a transaction back; 0 allows none. */
  readonly lockTime: number;
  /** Whether a sequence may hold a transaction back (BIP-68). */
  readonly relativeLock: boolean;
  /** The device may be at work for so long by `estimateSigning`; four hours if left out. */
  readonly seconds?: number;
}

/** What holds where nobody has accepted more. */
export const defaultPreflightLimits: PreflightLimits = {
  changeWindow: 1000,
  lockTime: 0,
  relativeLock: false,
};

/** Of the app, `constants.h` and `wallet.h`, for 2.4; seen on the real app where recorded. */
const MAX_NAME = 64;
const MAX_KEYS = 15;
const MAX_TEMPLATE = 512;
const MAX_ORIGIN_STEPS = 8;
const MAX_KEY_INFORMATION = 162;
const MAX_RECORD_KEY = 290;
const MAX_INPUTS = 512;
const MAX_OUTPUTS = 512;
const MAX_CHANGE_OUTPUTS = 10;
/** Four hours: nobody waits longer, and only spends of `sh` policies with more than a hundred inputs take it. */
const MAX_SECONDS = 14_400;

/**
 * What the app would refuse in a policy, or take and never be able to use; empty if nothing. With a
 * `fingerprint` also whether a key of that device is in it.
 */
export const preflightPolicy = (
  policy: WalletPolicy,
  fingerprint?: Uint8Array,
): readonly LimitRefusal[] => {
  const refusals: LimitRefusal[] = [];
  const refuse = (rule: LimitRule, what: string): void => {
    refusals.push({ rule, where: 'policy', what });
  };
  const { name, cosigners } = policy;
  if (!/^(?! )[\x20-\x7e]+(?<! )$/.test(name) || name.length > MAX_NAME) {
    refuse('policy-name', `Its name is not 1 to ${MAX_NAME} printable ASCII characters.`);
  }
  const keys = policyKeys(policy);
  if (keys.length > MAX_KEYS) {
    refuse('policy-keys', `It has ${keys.length} keys, and the app takes ${MAX_KEYS}.`);
  }
  const template = policyTemplate(policy).length;
  if (template > MAX_TEMPLATE) {
    refuse('policy-template', `Its template has ${template} characters, above ${MAX_TEMPLATE}.`);
  }
  for (const [i, { name: cosigner, origin }] of cosigners.entries()) {
    const length = keys[i]?.length ?? 0;
    if (origin.path.length > MAX_ORIGIN_STEPS) {
      refuse('policy-path', `The path of ${cosigner} has more than ${MAX_ORIGIN_STEPS} steps.`);
    } else if (length > MAX_KEY_INFORMATION) {
      const what = `The key of ${cosigner} takes ${length} characters with its path, above ${MAX_KEY_INFORMATION}.`;
      refuse('policy-key', what);
    }
  }
  if (fingerprint === undefined) return refusals;
  const own = ownCosigners(policy, fingerprint).size;
  if (own === 0) refuse('own-key', 'None of its keys has the fingerprint of the device.');
  if (own > MAX_OWN_KEYS) refuse('own-keys', `The app signs with ${MAX_OWN_KEYS} keys of its own.`);
  return refusals;
};

/**
 * Everything that the app would refuse in a PSBT, half of it only after a person has approved, and what
 * it signs without showing it. All that is found is listed, in the order of the PSBT.
 *
 * `match` is of the same PSBT: that inputs and change are the policy's is proven there. With a
 * `fingerprint` the derivations of that device's keys must be in the PSBT, without one those of all.
 */
export const preflight = (
  psbt: Psbt,
  match: PolicyMatch,
  fingerprint?: Uint8Array,
  limits: PreflightLimits = defaultPreflightLimits,
): readonly LimitRefusal[] => {
  const refusals: LimitRefusal[] = [...preflightPolicy(match.policy, fingerprint)];
  const refuse = (rule: LimitRule, where: string, what: string): void => {
    refusals.push({ rule, where, what });
  };
  const { transaction, inputs, outputs } = match;
  if (inputs.length > MAX_INPUTS) {
    refuse('inputs', 'transaction', `It has ${inputs.length} inputs, and the app takes 512.`);
  }
  if (outputs.length > MAX_OUTPUTS) {
    refuse('outputs', 'transaction', `It has ${outputs.length} outputs, and the app takes 512.`);
  }
  const held = transaction.inputs.some(({ sequence }) => sequence !== SEQUENCE_FINAL);
  if (held && transaction.lockTime > limits.lockTime) {
    const what = `Its lock time ${transaction.lockTime} is never shown, and nobody has allowed it.`;
    refuse('lock-time', 'transaction', what);
  }
  const own = [...ownCosigners(match.policy, fingerprint)];
  for (const [index, { script }] of inputs.entries()) {
    const where = `input ${index}`;
    const map = psbt.inputs[index] ?? [];
    const isWitness = script.witnessScript !== undefined;
    const sequence = transaction.inputs[index]?.sequence ?? SEQUENCE_FINAL;
    if (!limits.relativeLock && isRelativeLock(transaction.version, sequence)) {
      refuse('relative-lock', where, 'Its sequence is a lock time (BIP-68), which is never shown.');
    }
    if (fieldOf(map, INPUT.nonWitnessUtxo) === undefined) {
      refuse('previous-transaction', where, 'The previous transaction is missing.');
    }
    const hasWitnessUtxo = fieldOf(map, INPUT.witnessUtxo) !== undefined;
    if (isWitness && !hasWitnessUtxo) refuse('witness-utxo', where, 'The witness UTXO is missing.');
    if (!isWitness && hasWitnessUtxo) {
      refuse('witness-utxo', where, 'A witness UTXO stands where no witness is.');
    }
    const { witnessScript, redeemScript } = script;
    if (!isSame(fieldOf(map, INPUT.witnessScript), witnessScript)) {
      refuse('witness-script', where, 'The witness script is missing or wrong.');
    }
    if (!isSame(fieldOf(map, INPUT.redeemScript), redeemScript)) {
      refuse('redeem-script', where, 'The redeem script is missing or wrong.');
    }
    const derived = fieldsOf(map, INPUT.derivation).map(({ key }) => key);
    if (!own.every((cosigner) => derived.some((key) => isSame(key, script.publicKeys[cosigner])))) {
      refuse('derivation', where, 'The derivation of a key is missing.');
    }
    const sighash = fieldOf(map, INPUT.sighashType) ?? SIGHASH.all;
    if (sighash !== SIGHASH.all)
      refuse('sighash', where, `It asks for the sighash type ${sighash}.`);
  }
  const hidden = hiddenChange(psbt, match, fingerprint);
  const highest = Math.max(0, ...inputs.map(({ script }) => script.index)) + limits.changeWindow;
  for (const [index, change] of outputs.entries()) {
    const where = `output ${index}`;
    if (change === undefined) {
      const script = transaction.outputs[index]?.script ?? new Uint8Array();
      if (isShownScript(script)) continue;
      refuse('output-script', where, 'The app shows no such script, and refuses it.');
    } else if (change.index > highest) {
      const what = `Its change index ${change.index} is never shown, and far from the inputs’.`;
      refuse('change-index', where, what);
    } else if (hidden[index] === undefined) {
      const what = 'It is change without the derivation of a key, and shown as a payment.';
      refuse('change-derivation', where, what);
    }
  }
  const hiddenOutputs = hidden.filter((change) => change !== undefined).length;
  if (hiddenOutputs > MAX_CHANGE_OUTPUTS) {
    refuse(
      'change-outputs',
      'transaction',
      `It has ${hiddenOutputs} change outputs, and the app takes 10.`,
    );
  }
  const checkKeys = (map: PsbtMap, where: string): void => {
    const longest = Math.max(0, ...map.map(keyLength));
    if (longest <= MAX_RECORD_KEY) return;
    const what = `A record has a key of ${longest} bytes, and the app takes ${MAX_RECORD_KEY}.`;
    refuse('record-key', where, what);
  };
  checkKeys(psbt.global, 'transaction');
  for (const [index, map] of psbt.inputs.entries()) checkKeys(map, `input ${index}`);
  for (const [index, map] of psbt.outputs.entries()) checkKeys(map, `output ${index}`);
  const { seconds } = estimateSigning(psbt, match.policy, fingerprint);
  if (seconds > (limits.seconds ?? MAX_SECONDS)) {
    const hours = (seconds / 3600).toFixed(1);
    const what = `The device would be at it for some ${hours} hours; spend fewer coins at once.`;
    refuse('duration', 'transaction', what);
  }
  return refusals;
};

const keyLength = ({ type, keyData }: PsbtRecord): number =>
  compactSizeLength(type) + keyData.length;

const SEQUENCE_FINAL = 0xffffffff;
/** BIP-68: the bit that turns a sequence into a mere number, and the length of a lock. */
const SEQUENCE_DISABLE = 0x80000000;
const SEQUENCE_LENGTH = 0xffff;

/** BIP-68 holds from version 2 on, and takes the version for a number without a sign. */
const isRelativeLock = (version: number, sequence: number): boolean =>
  version >>> 0 >= 2 && (sequence & SEQUENCE_DISABLE) === 0 && (sequence & SEQUENCE_LENGTH) !== 0;

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);
