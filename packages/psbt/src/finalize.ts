import type { PolicyScript } from '@qoima/policy';
import {
  type ByteWriter,
  byteWriter,
  equalBytes,
  writeBytes,
  writeUint8,
  writeUint16,
} from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { INPUT } from './fields.ts';
import { partialSignaturesOf, signatureFor } from './partial-signature.ts';
import { type Psbt, type PsbtMap, type PsbtRecord, withoutTypes, withRecords } from './record.ts';
import { writeWitness } from './transaction.ts';
import type { VerifiedPsbt } from './verify-signatures.ts';

/**
 * Input Finalizer (BIP-174): puts exactly as many signatures as the quorum requires into the final
 * scriptSig and witness of every input, in the order of the script's keys, behind the empty item that
 * CHECKMULTISIG drops (BIP-147). Of more than enough signatures those of the first keys are used. All
 * inputs become final, or none.
 *
 * What signers needed goes from the input maps, as the BIP says; the UTXOs stay, so does what version 2
 * requires, and so do proprietary and unknown records.
 *
 * @throws `PSBT_INCOMPLETE`, with the inputs and the names of those who could still sign
 */
export const finalizePsbt = (verified: VerifiedPsbt): Psbt => {
  const { match, version, global, outputs, transaction } = verified;
  const { required } = match.policy.quorum;
  // One memory for all that is made here: a thousand arrays of their own cost the collector far more.
  const writer = byteWriter(512 * verified.inputs.length);
  const inputs: PsbtMap[] = [];
  const unsigned: number[] = [];
  for (const [index, map] of verified.inputs.entries()) {
    const { script } = match.inputs[index] ?? {};
    if (script === undefined) throw new Error('a match has one entry for each input');
    const signatures = chooseSignatures(map, script.scriptKeys, required);
    if (signatures.length < required) unsigned.push(index);
    else inputs.push(finalInput(map, script, signatures, writer));
  }
  if (unsigned.length > 0) throw incomplete(verified, unsigned);
  return { version, global, inputs, outputs, transaction };
};

/** What of the BIPs' fields outlives the Finalizer. */
const kept: ReadonlySet<number> = new Set(
  [
    INPUT.nonWitnessUtxo,
    INPUT.witnessUtxo,
    INPUT.previousTxid,
    INPUT.outputIndex,
    INPUT.sequence,
    INPUT.requiredTime,
    INPUT.requiredHeight,
    INPUT.proprietary,
  ].map(({ type }) => type),
);

const cleared: ReadonlySet<number> = new Set(
  Object.values(INPUT).flatMap(({ type }) => (kept.has(type) ? [] : [type])),
);

const finalInput = (
  map: PsbtMap,
  script: PolicyScript,
  signatures: readonly Uint8Array[],
  writer: ByteWriter,
): PsbtMap => withRecords(withoutTypes(map, cleared), finalRecords(script, signatures, writer));

/** At most as many signatures as are required, in the order of the script's keys. */
const chooseSignatures = (
  map: PsbtMap,
  scriptKeys: readonly Uint8Array[],
  required: number,
): readonly Uint8Array[] => {
  const chosen: Uint8Array[] = [];
  for (const key of scriptKeys) {
    if (chosen.length === required) break;
    const signature = signatureFor(map, key);
    if (signature !== undefined) chosen.push(signature);
  }
  return chosen;
};

const none = new Uint8Array();

const finalRecords = (
  { redeemScript, witnessScript }: PolicyScript,
  signatures: readonly Uint8Array[],
  writer: ByteWriter,
): PsbtRecord[] => {
  if (witnessScript === undefined) {
    if (redeemScript === undefined) throw new Error('a script is wrapped in one way or the other');
    return [finalScriptSig([none, ...signatures, redeemScript], writer)];
  }
  const start = writer.length;
  writeWitness(writer, [none, ...signatures, witnessScript]);
  const value = writer.bytes.subarray(start, writer.length);
  const witness = { type: INPUT.finalScriptWitness.type, keyData: none, value };
  return redeemScript === undefined ? [witness] : [finalScriptSig([redeemScript], writer), witness];
};

const finalScriptSig = (pushes: readonly Uint8Array[], writer: ByteWriter): PsbtRecord => {
  const start = writer.length;
  for (const push of pushes) {
    // Minimal pushes (BIP-62, rule 3); nothing here has a length that OP_1 … OP_16 could push.
    if (push.length <= 75) writeUint8(writer, push.length);
    else if (push.length <= 0xff) writeBytes(writer, Uint8Array.of(OP_PUSHDATA1, push.length));
    else {
      writeUint8(writer, OP_PUSHDATA2);
      writeUint16(writer, push.length);
    }
    writeBytes(writer, push);
  }
  const value = writer.bytes.subarray(start, writer.length);
  return { type: INPUT.finalScriptSig.type, keyData: none, value };
};

const OP_PUSHDATA1 = 0x4c;
const OP_PUSHDATA2 = 0x4d;

const incomplete = ({ match, inputs }: VerifiedPsbt, unsigned: readonly number[]): Error => {
  const { required } = match.policy.quorum;
  const missing = new Set<string>();
  let fewest = required;
  for (const index of unsigned) {
    const keys = partialSignaturesOf(inputs[index] ?? [], index).map(({ publicKey }) => publicKey);
    fewest = Math.min(fewest, keys.length);
    match.inputs[index]?.script.publicKeys.forEach((own, i) => {
      const { name } = match.policy.cosigners[i] ?? { name: '' };
      if (!keys.some((key) => equalBytes(key, own))) missing.add(name);
    });
  }
  const who = match.policy.cosigners.flatMap(({ name }) => (missing.has(name) ? [name] : []));
  return psbtError(
    'PSBT_INCOMPLETE',
    `${unsigned.length} of ${inputs.length} inputs have fewer than ${required} signatures (the least: ${fewest}); not signed by ${who.join(', ')}.`,
    { required, fewest, inputs: unsigned.slice(0, 100), missing: who },
  );
};
