import { equalBytes } from '@qoima/primitives';
import { fieldOf, GLOBAL, INPUT, record } from './fields.ts';
import { type Psbt, type PsbtMap, type PsbtRecord, withRecords } from './record.ts';

/** One cosigner's signature of one input, as it travels between signers and combiner. */
export interface PartialSignature {
  readonly inputIndex: number;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** DER and then the sighash flag. */
  readonly signature: Uint8Array;
}

/** The signatures that an input map holds, in its order and not judged. */
export const partialSignaturesOf = (
  map: PsbtMap,
  inputIndex: number,
): readonly PartialSignature[] => {
  const found: PartialSignature[] = [];
  for (const { type, keyData, value } of map) {
    if (type !== INPUT.partialSignature.type) continue;
    found.push({ inputIndex, publicKey: keyData, signature: value });
  }
  return found;
};

/** The signature that an input map holds for a key. */
export const signatureFor = (map: PsbtMap, publicKey: Uint8Array): Uint8Array | undefined => {
  for (const { type, keyData, value } of map) {
    if (type === INPUT.partialSignature.type && equalBytes(keyData, publicKey)) return value;
  }
  return undefined;
};

/**
 * The PSBT with these signatures in it; none may be there for the same key and input yet. A map that
 * was in order stays so. In version 2 nothing stays modifiable, because ALL signs every input and
 * output (BIP-370, Signer).
 */
export const withSignatures = (psbt: Psbt, signatures: readonly PartialSignature[]): Psbt => {
  if (signatures.length === 0) return psbt;
  const added = new Map<number, PsbtRecord[]>();
  for (const { inputIndex, publicKey, signature } of signatures) {
    const records = added.get(inputIndex) ?? [];
    records.push(record(INPUT.partialSignature, signature, publicKey));
    added.set(inputIndex, records);
  }
  const inputs = psbt.inputs.map((map, index) => {
    const records = added.get(index);
    return records === undefined ? map : withRecords(map, records);
  });
  const flags = fieldOf(psbt.global, GLOBAL.modifiable) ?? 0;
  const global =
    (flags & MODIFIABLE) === 0
      ? psbt.global
      : withRecords(psbt.global, [record(GLOBAL.modifiable, flags & ~MODIFIABLE)]);
  const { version, outputs, transaction } = psbt;
  return { version, global, inputs, outputs, transaction };
};

/** Bits 0 and 1 of PSBT_GLOBAL_TX_MODIFIABLE: inputs and outputs may be added. */
const MODIFIABLE = 0b11;
