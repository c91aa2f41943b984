import { INPUT, OUTPUT, type Psbt, type PsbtMap } from '@qoima/psbt';

/** What signing will take, roughly. */
export interface SigningEstimate {
  /** Answers of the device; the recordings of the real app lie within a few per cent. */
  readonly exchanges: number;
  /** Without the time that the person takes. An assumption: a real cable was never measured. */
  readonly seconds: number;
}

/**
 * How many exchanges the app (2.4.6) takes to sign a PSBT of a policy of `cosigners` keys, counted from
 * what it asks for: each record of an input map comes over four times in two exchanges, each of an
 * output map twice, each key of the policy whenever a script is derived, and what is longer than an
 * answer in more of them. One input and two outputs of a 3-of-5 are 350, a further input is 203.
 */
export const estimateSigning = (psbt: Psbt, cosigners: number, ownKeys = 1): SigningEstimate => {
  const globals = psbt.global.length + (psbt.version === 0 ? 4 : 0);
  let exchanges = 13 + 2 * cosigners + 2 * globals;
  for (const map of psbt.inputs) {
    const records = map.length + (psbt.version === 0 ? 3 : 0);
    exchanges += 95 + 4 * cosigners + 8 * records + 5 * furtherProofs(psbt.inputs.length);
    exchanges += (ownKeys - 1) * (8 + 2 * records) + furtherAnswers(map);
    if (map.some(({ type }) => type === INPUT.sighashType.type)) exchanges += 8;
  }
  for (const map of psbt.outputs) {
    const records = map.length + (psbt.version === 0 ? 2 : 0);
    exchanges += 20 + 4 * records + 2 * furtherProofs(psbt.outputs.length);
    if (map.some(({ type }) => type === OUTPUT.derivation.type)) exchanges += 24 + 2 * cosigners;
  }
  return { exchanges, seconds: Math.ceil(exchanges * SECONDS_PER_EXCHANGE) };
};

/** Some 100 bytes to the device in packets of 64, some 40 back, and the device's own work. */
const SECONDS_PER_EXCHANGE = 0.02;

/** An answer holds 6 hashes of a Merkle proof, enough for 64 elements. */
const furtherProofs = (elements: number): number => (elements > 64 ? 1 : 0);

/** A previous transaction goes over once, 253 bytes in one answer. */
const furtherAnswers = (map: PsbtMap): number => {
  const previous = map.find(({ type }) => type === INPUT.nonWitnessUtxo.type);
  const length = previous?.value.length ?? 0;
  return Math.max(0, Math.ceil((length - 250) / 253));
};
