import { createHash } from 'node:crypto';
import {
  type ByteWriter,
  byteWriter,
  compactSizeLength,
  hash256,
  type Sats,
  sha256,
  writeBytes,
  writeCompactSize,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from '@qoima/primitives';
import {
  encodeOutput,
  encodeUnsignedTransaction,
  type UnsignedInput,
  type UnsignedTransaction,
} from './transaction.ts';

/** What a signature commits to. Qoima signs and takes `all` only; the rest is here for the vectors. */
export const SIGHASH: {
  readonly all: 0x01;
  readonly none: 0x02;
  readonly single: 0x03;
  readonly anyoneCanPay: 0x80;
} = { all: 0x01, none: 0x02, single: 0x03, anyoneCanPay: 0x80 };

/** The low five bits say which outputs are signed (interpreter.cpp, `SignatureHash`). */
const outputsOf = (flag: number): number => flag & 0x1f;

const anyoneCanPay = (flag: number): boolean => (flag & SIGHASH.anyoneCanPay) !== 0;

const zero32 = new Uint8Array(32);

/** The parts of BIP-143 that all inputs share. Make them once for each transaction. */
export interface Bip143Midstates {
  readonly transaction: UnsignedTransaction;
  readonly hashPrevouts: Uint8Array;
  readonly hashSequence: Uint8Array;
  readonly hashOutputs: Uint8Array;
}

/** Linear in the transaction, so that each sighash over them need not be. */
export const bip143Midstates = (transaction: UnsignedTransaction): Bip143Midstates => {
  const { inputs, outputs } = transaction;
  const prevouts = byteWriter(inputs.length * 36);
  const sequences = byteWriter(inputs.length * 4);
  for (const input of inputs) {
    writeOutpoint(prevouts, input);
    writeUint32(sequences, input.sequence);
  }
  const amounts = byteWriter(outputs.length * 43);
  for (const output of outputs) writeBytes(amounts, encodeOutput(output));
  return {
    transaction,
    hashPrevouts: hash256(writtenBytes(prevouts)),
    hashSequence: hash256(writtenBytes(sequences)),
    hashOutputs: hash256(writtenBytes(amounts)),
  };
};

/**
 * The hash that a signature of a segwit v0 input signs (BIP-143): 32 bytes. For `wsh` and `sh-wsh`
 * the script code is the witness script, as long as that has no OP_CODESEPARATOR, which a multisig
 * script never has. The amount is the caller's word: a wrong one gives the hash of another truth.
 * Costs two SHA-256, whatever the size of the transaction.
 */
export const witnessSighash = (
  midstates: Bip143Midstates,
  inputIndex: number,
  scriptCode: Uint8Array,
  amount: Sats,
  flag: number,
): Uint8Array => {
  const { transaction } = midstates;
  const input = inputAt(transaction, inputIndex);
  const outputs = outputsOf(flag);
  const only = outputs === SIGHASH.none || outputs === SIGHASH.single;
  const writer = preimage;
  writer.length = 0;
  writeUint32(writer, transaction.version);
  writeBytes(writer, anyoneCanPay(flag) ? zero32 : midstates.hashPrevouts);
  writeBytes(writer, anyoneCanPay(flag) || only ? zero32 : midstates.hashSequence);
  writeOutpoint(writer, input);
  writeVarBytes(writer, scriptCode);
  writeUint64(writer, amount);
  writeUint32(writer, input.sequence);
  writeBytes(
    writer,
    only ? hashOneOutput(transaction, inputIndex, outputs) : midstates.hashOutputs,
  );
  writeUint32(writer, transaction.lockTime);
  writeUint32(writer, flag);
  return hash256(writer.bytes.subarray(0, writer.length));
};

/** Written anew for each input: thousands of arrays would cost more than what is written into them. */
const preimage = byteWriter(1024);

/** BIP-143: the output beside the input for SINGLE, zeros for NONE or if there is no such output. */
const hashOneOutput = (
  transaction: UnsignedTransaction,
  index: number,
  outputs: number,
): Uint8Array => {
  const output = outputs === SIGHASH.single ? transaction.outputs[index] : undefined;
  return output === undefined ? zero32 : hash256(encodeOutput(output));
};

/** The unsigned transaction in its bytes, for the sighash before segwit. Make it once for each. */
export interface LegacyTemplate {
  readonly transaction: UnsignedTransaction;
  readonly bytes: Uint8Array;
}

/** Serialises the transaction once for all its inputs. */
export const legacyTemplate = (transaction: UnsignedTransaction): LegacyTemplate => ({
  transaction,
  bytes: encodeUnsignedTransaction(transaction),
});

/**
 * The hash that a signature of an input without witness signs, bare `sh` for us: 32 bytes. The script
 * code is the redeem script; OP_CODESEPARATOR and signatures inside it are not cut out, for a
 * multisig redeem script has neither.
 *
 * It hashes the whole transaction for each input: that is the algorithm, and why a transaction of
 * many `sh` inputs costs its square. With ALL nothing is serialised again, only hashed.
 * SINGLE without an output beside the input gives the number one, as consensus has it.
 */
export const legacySighash = (
  template: LegacyTemplate,
  inputIndex: number,
  scriptCode: Uint8Array,
  flag: number,
): Uint8Array => {
  const { transaction } = template;
  const input = inputAt(transaction, inputIndex);
  const outputs = outputsOf(flag);
  if (outputs === SIGHASH.single && inputIndex >= transaction.outputs.length) {
    return Uint8Array.of(1, ...zero32.subarray(1));
  }
  if (outputs === SIGHASH.none || outputs === SIGHASH.single || anyoneCanPay(flag)) {
    return hash256(partialPreimage(transaction, inputIndex, input, scriptCode, flag));
  }
  // Each input has 41 bytes in the template, and the script code goes where its length is now 0.
  const gap = 4 + compactSizeLength(transaction.inputs.length) + 41 * inputIndex + 36;
  const script = byteWriter(5 + scriptCode.length);
  writeVarBytes(script, scriptCode);
  const end = byteWriter(4);
  writeUint32(end, flag);
  const digest = createHash('sha256')
    .update(template.bytes.subarray(0, gap))
    .update(script.bytes.subarray(0, script.length))
    .update(template.bytes.subarray(gap + 1))
    .update(end.bytes)
    .digest();
  return sha256(digest);
};

/** What is signed when some inputs or outputs are left out. */
const partialPreimage = (
  transaction: UnsignedTransaction,
  index: number,
  input: UnsignedInput,
  scriptCode: Uint8Array,
  flag: number,
): Uint8Array => {
  const kind = outputsOf(flag);
  const single = kind === SIGHASH.single;
  const only = single || kind === SIGHASH.none;
  const inputs = anyoneCanPay(flag) ? [input] : transaction.inputs;
  const outputs = transaction.outputs.slice(0, single ? index + 1 : only ? 0 : undefined);
  const writer = byteWriter(1024);
  writeUint32(writer, transaction.version);
  writeCompactSize(writer, inputs.length);
  for (const each of inputs) {
    writeOutpoint(writer, each);
    writeVarBytes(writer, each === input ? scriptCode : none);
    writeUint32(writer, only && each !== input ? 0 : each.sequence);
  }
  writeCompactSize(writer, outputs.length);
  outputs.forEach((output, i) =>
    writeBytes(writer, encodeOutput(single && i < index ? blankOutput : output)),
  );
  writeUint32(writer, transaction.lockTime);
  writeUint32(writer, flag);
  return writtenBytes(writer);
};

const none = new Uint8Array();

/** What stands in for outputs before the one that SINGLE signs: an amount of −1 and no script. */
const blankOutput = { amount: -1n, script: none };

const inputAt = (transaction: UnsignedTransaction, index: number): UnsignedInput => {
  const input = transaction.inputs[index];
  if (input === undefined) throw new Error('a sighash is asked for an input that is there');
  return input;
};

const writeOutpoint = (writer: ByteWriter, { txid, vout }: UnsignedInput): void => {
  writeBytes(writer, txid);
  writeUint32(writer, vout);
};
