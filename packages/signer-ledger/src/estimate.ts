import type { WalletPolicy } from '@qoima/policy';
import { INPUT, OUTPUT, type Psbt, type PsbtMap } from '@qoima/psbt';
import { ownCosigners } from './own-cosigners.ts';
import { psbtForDevice } from './psbt-commitment.ts';

/** What signing will take, roughly. */
export interface SigningEstimate {
  /** Answers of the device; the recordings of the real app lie within a few per cent. */
  readonly exchanges: number;
  /** Without the time that the person takes. An assumption: a real cable was never measured. */
  readonly seconds: number;
}

/**
 * What the app (2.4.6) takes to sign a PSBT of this policy on the device of this `fingerprint`; without one,
 * on a device that has a single key of it.
 */
export const estimateSigning = (
  psbt: Psbt,
  policy: WalletPolicy,
  fingerprint?: Uint8Array,
): SigningEstimate => {
  const ownKeys = fingerprint === undefined ? 1 : ownCosigners(policy, fingerprint).size;
  const exchanges = signingExchanges(psbt, policy.cosigners.length, ownKeys, policy.sorted);
  return { exchanges, seconds: Math.ceil(exchanges * SECONDS_PER_EXCHANGE) };
};

/**
 * How many exchanges the app takes to sign a PSBT of a policy of `keys`, of which the device has `ownKeys`,
 * counted from what it asks for. One input and two outputs of a 3-of-5 `wsh` are some 350, a further input
 * is 203.
 *
 * It has no room to keep anything: each map is read again at each of its stages, the keys of a sorted
 * policy again for each that is left to sort, and for each signature of an input before segwit every other
 * input and output, so that `sh` policies take the square of their inputs.
 */
export const signingExchanges = (
  psbt: Psbt,
  keys: number,
  ownKeys: number,
  sorted: boolean,
): number => {
  const { global, inputs, outputs } = psbtForDevice(psbt);
  const script = sorted ? keys * (keys + 1) : 2 * keys;
  const readInputs = inputs.map((map) => mapReads(map, inputs.length));
  const readOutputs = outputs.map((map) => mapReads(map, outputs.length) + 2 * VALUE);
  // Legacy sighashes: of each other input its outpoint and sequence, and every output.
  const wholeTransaction =
    readInputs.reduce((sum, reads) => sum + reads + 3 * VALUE, 0) + sumOf(readOutputs);
  let exchanges = 11 + 2 * global.length + 2 * keys + 2 * ownKeys;
  for (const [index, map] of inputs.entries()) {
    const reads = readInputs[index] ?? 0;
    const previous = 2 * VALUE + furtherAnswers(map, INPUT.nonWitnessUtxo.type);
    const isWitness = has(map, INPUT.witnessUtxo.type);
    const hasPrevious = has(map, INPUT.nonWitnessUtxo.type);
    const derivations = 2 * countOf(map, INPUT.derivation.type);
    const sighash = has(map, INPUT.sighashType.type) ? VALUE : 0;
    // Judged, then hashed twice: as a part of the transaction, and for what it spends.
    exchanges += reads + derivations + script + sighash;
    exchanges += (hasPrevious ? VALUE + previous : 0) + (isWitness ? VALUE : 0);
    exchanges += 2 * reads + 3 * VALUE + (isWitness ? VALUE : 1 + previous);
    const redeem = has(map, INPUT.redeemScript.type)
      ? VALUE + furtherAnswers(map, INPUT.redeemScript.type)
      : 0;
    const signed = isWitness
      ? 6 * VALUE + furtherAnswers(map, INPUT.witnessScript.type)
      : previous + wholeTransaction - reads;
    exchanges += ownKeys * (reads + derivations + sighash + redeem + signed + YIELD);
  }
  for (const [index, map] of outputs.entries()) {
    const derivations = 2 * countOf(map, OUTPUT.derivation.type);
    exchanges += 2 * (readOutputs[index] ?? 0);
    // Derivations are read as far as the first that is the device's own.
    if (derivations > 0) exchanges += derivations / 2 + script;
    // Of many payments those after the sixteenth are read again to be shown.
    if (index >= KEPT_PAYMENTS) exchanges += readOutputs[index] ?? 0;
  }
  return Math.round(exchanges);
};

/** Some 100 bytes to the device in packets of 64, some 40 back, and the device's own work. */
const SECONDS_PER_EXCHANGE = 0.02;

/** A value under its key: where the key stands and the proof of that, the value's leaf, and its preimage. */
const VALUE = 4;
const YIELD = 1;
const KEPT_PAYMENTS = 16;

/** A map of so many: the commitment to it, and each of its keys. */
const mapReads = (map: PsbtMap, maps: number): number => 2 + furtherProofs(maps) + 2 * map.length;

/** An answer holds 6 hashes of a Merkle proof, enough for 64 elements. */
const furtherProofs = (elements: number): number => (elements > 64 ? 1 : 0);

const has = (map: PsbtMap, type: number): boolean => map.some((record) => record.type === type);

const countOf = (map: PsbtMap, type: number): number =>
  map.reduce((count, record) => count + (record.type === type ? 1 : 0), 0);

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** A value goes over in answers of up to 253 bytes. */
const furtherAnswers = (map: PsbtMap, type: number): number => {
  const length = map.find((record) => record.type === type)?.value.length ?? 0;
  return Math.max(0, Math.ceil((length - 250) / 253));
};
