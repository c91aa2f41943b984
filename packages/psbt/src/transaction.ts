import {
  type ByteReader,
  type ByteWriter,
  byteWriter,
  compactSizeLength,
  readBytes,
  readCompactSize,
  readInt32,
  readUint32,
  type Sats,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from '@qoima/primitives';
import { psbtError } from './errors.ts';
import {
  invalid,
  maxBytes,
  maxStrippedBytes,
  readAmount,
  readCount,
  readMarker,
  whole,
} from './transaction-reader.ts';

/** An input without what unlocks its coin. */
export interface UnsignedInput {
  /** Hash of the previous transaction, 32 bytes in hash order (the reverse of what people read). */
  readonly txid: Uint8Array;
  readonly vout: number;
  readonly sequence: number;
}

/** An input with what unlocks its coin. */
export interface TransactionInput extends UnsignedInput {
  readonly scriptSig: Uint8Array;
  /** The witness stack; empty for an input without witness. */
  readonly witness: readonly Uint8Array[];
}

/** An output: how much, and to which script. */
export interface TransactionOutput {
  readonly amount: Sats;
  /** The scriptPubKey. */
  readonly script: Uint8Array;
}

/** What signatures commit to. */
export interface UnsignedTransaction {
  /** Signed 32-bit, as BIP-370 has it; 1 or 2 in practice. */
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly UnsignedInput[];
  readonly outputs: readonly TransactionOutput[];
}

/** A transaction with its scriptSigs and witnesses. */
export interface Transaction extends UnsignedTransaction {
  readonly inputs: readonly TransactionInput[];
}

/** What a Finalizer adds to an input of the unsigned transaction. */
export interface FinalScripts {
  readonly scriptSig: Uint8Array;
  /** The stack as it is serialised: one zero byte if the input has no witness. */
  readonly witness: Uint8Array;
}

/**
 * Reads a whole transaction in either serialisation (BIP-144). Its byte fields are views of `bytes`.
 * Consensus rules beyond the format and the range of amounts are not checked.
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const decodeTransaction = (bytes: Uint8Array): Transaction =>
  whole(bytes, maxBytes, (reader) => {
    const version = readInt32(reader);
    const segwit = reader.bytes[4] === 0;
    if (segwit) readMarker(reader);
    const inputs = readInputs(reader);
    if (inputs.length === 0) throw invalid('it has no inputs', reader.offset);
    const outputs = readOutputs(reader);
    if (!segwit) return { version, lockTime: readUint32(reader), inputs, outputs };
    const start = reader.offset;
    const signed = inputs.map((input) => ({ ...input, witness: readWitness(reader) }));
    // BIP-144 is for transactions with a witness; Core calls this a superfluous witness record.
    if (signed.every((input) => input.witness.length === 0)) {
      throw invalid('its witness is empty and must then be left out', start);
    }
    return { version, lockTime: readUint32(reader), inputs: signed, outputs };
  });

/**
 * Reads the unsigned transaction of a PSBT v0 (BIP-174: old serialisation, empty scriptSigs, and so
 * no inputs at all are possible).
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`, `PSBT_ALREADY_SIGNED`
 */
export const decodeUnsignedTransaction = (bytes: Uint8Array): UnsignedTransaction =>
  whole(bytes, maxStrippedBytes, (reader) => {
    const version = readInt32(reader);
    const count = readCount(reader, 41, 'inputs');
    const inputs: UnsignedInput[] = [];
    for (let i = 0; i < count; i++) {
      const txid = readBytes(reader, 32);
      const vout = readUint32(reader);
      const scriptSig = readCompactSize(reader);
      if (scriptSig > 0) {
        throw psbtError(
          'PSBT_ALREADY_SIGNED',
          `Input ${i} of the unsigned transaction has a scriptSig of ${scriptSig} bytes.`,
          { input: i, offset: reader.offset },
        );
      }
      inputs.push({ txid, vout, sequence: readUint32(reader) });
    }
    return { version, inputs, outputs: readOutputs(reader), lockTime: readUint32(reader) };
  });

/** The old serialisation if no input has a witness, else that of BIP-144. */
export const encodeTransaction = (transaction: Transaction): Uint8Array =>
  encodeSignedTransaction(
    transaction,
    transaction.inputs.map(({ scriptSig, witness }) => ({
      scriptSig,
      witness: encodeWitness(witness),
    })),
  );

/** As `encodeTransaction`, of a transaction and what signing gave each of its inputs, in their order. */
export const encodeSignedTransaction = (
  transaction: UnsignedTransaction,
  scripts: readonly FinalScripts[],
): Uint8Array => {
  const segwit = scripts.some(({ witness }) => witness.length > 1);
  const writer = byteWriter(signedLength(transaction, scripts, segwit));
  writeUint32(writer, transaction.version);
  if (segwit) {
    writeUint8(writer, 0);
    writeUint8(writer, 1);
  }
  writeCompactSize(writer, transaction.inputs.length);
  for (const [i, input] of transaction.inputs.entries()) {
    writeInput(writer, input, scripts[i]?.scriptSig ?? none);
  }
  writeOutputs(writer, transaction.outputs);
  if (segwit) for (const { witness } of scripts) writeBytes(writer, witness);
  writeUint32(writer, transaction.lockTime);
  return writtenBytes(writer);
};

/** The old serialisation with empty scriptSigs, as PSBT v0 holds it. */
export const encodeUnsignedTransaction = (transaction: UnsignedTransaction): Uint8Array => {
  const writer = byteWriter(transaction.inputs.length * 41 + transaction.outputs.length * 43 + 28);
  writeUint32(writer, transaction.version);
  writeCompactSize(writer, transaction.inputs.length);
  for (const input of transaction.inputs) writeInput(writer, input, none);
  writeOutputs(writer, transaction.outputs);
  writeUint32(writer, transaction.lockTime);
  return writtenBytes(writer);
};

/** A witness stack as it is serialised: the number of items, then each with its length. */
export const encodeWitness = (witness: readonly Uint8Array[]): Uint8Array => {
  const writer = byteWriter(witnessLength(witness));
  writeWitness(writer, witness);
  return writtenBytes(writer);
};

/** @throws `PSBT_TRANSACTION_INVALID` */
export const decodeWitness = (bytes: Uint8Array): readonly Uint8Array[] =>
  whole(bytes, maxBytes, readWitness);

/** An output as it is serialised: amount, length, script. */
export const encodeOutput = (output: TransactionOutput): Uint8Array => {
  const writer = byteWriter(9 + output.script.length);
  writeOutput(writer, output);
  return writtenBytes(writer);
};

/** @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE` */
export const decodeOutput = (bytes: Uint8Array): TransactionOutput =>
  whole(bytes, maxStrippedBytes, readOutput);

const none = new Uint8Array();

const readInputs = (reader: ByteReader): TransactionInput[] => {
  const count = readCount(reader, 41, 'inputs');
  const inputs: TransactionInput[] = [];
  for (let i = 0; i < count; i++) {
    const txid = readBytes(reader, 32);
    const vout = readUint32(reader);
    const scriptSig = readBytes(reader, readCompactSize(reader));
    inputs.push({ txid, vout, scriptSig, sequence: readUint32(reader), witness: [] });
  }
  return inputs;
};

const readOutputs = (reader: ByteReader): TransactionOutput[] => {
  const count = readCount(reader, 9, 'outputs');
  const outputs: TransactionOutput[] = [];
  for (let i = 0; i < count; i++) outputs.push(readOutput(reader));
  return outputs;
};

/** The next output of a reader that `whole` watches over. */
export const readOutput = (reader: ByteReader): TransactionOutput => {
  const amount = BigInt(readAmount(reader));
  return { amount, script: readBytes(reader, readCompactSize(reader)) };
};

const readWitness = (reader: ByteReader): readonly Uint8Array[] => {
  const count = readCount(reader, 1, 'witness items');
  const witness: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = readCompactSize(reader);
    // One object for all empty items, so that a byte of a hostile file costs no view.
    witness.push(length === 0 ? none : readBytes(reader, length));
  }
  return witness;
};

const writeInput = (writer: ByteWriter, input: UnsignedInput, scriptSig: Uint8Array): void => {
  writeBytes(writer, input.txid);
  writeUint32(writer, input.vout);
  writeVarBytes(writer, scriptSig);
  writeUint32(writer, input.sequence);
};

/** Appends an output: amount, length, script. */
export const writeOutput = (writer: ByteWriter, output: TransactionOutput): void => {
  writeUint64(writer, output.amount);
  writeVarBytes(writer, output.script);
};

const writeOutputs = (writer: ByteWriter, outputs: readonly TransactionOutput[]): void => {
  writeCompactSize(writer, outputs.length);
  for (const output of outputs) writeOutput(writer, output);
};

/** Of what `encodeSignedTransaction` writes, so that nothing has to grow or be copied. */
const signedLength = (
  { inputs, outputs }: UnsignedTransaction,
  scripts: readonly FinalScripts[],
  segwit: boolean,
): number => {
  let length = 8 + compactSizeLength(inputs.length) + compactSizeLength(outputs.length);
  if (segwit) length += 2;
  for (const { scriptSig, witness } of scripts) {
    length += 40 + compactSizeLength(scriptSig.length) + scriptSig.length;
    if (segwit) length += witness.length;
  }
  for (const { script } of outputs) length += 8 + compactSizeLength(script.length) + script.length;
  return length;
};

const witnessLength = (witness: readonly Uint8Array[]): number => {
  let length = compactSizeLength(witness.length);
  for (const item of witness) length += compactSizeLength(item.length) + item.length;
  return length;
};

/** Appends a witness stack: the number of items, then each with its length. */
export const writeWitness = (writer: ByteWriter, witness: readonly Uint8Array[]): void => {
  writeCompactSize(writer, witness.length);
  for (const item of witness) writeVarBytes(writer, item);
};
