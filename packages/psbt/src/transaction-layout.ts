import {
  type ByteReader,
  formatTxid,
  hash256,
  readCompactSize,
  type Txid,
} from '@qoima/primitives';
import { readOutput, type TransactionOutput } from './transaction.ts';
import {
  invalid,
  maxBytes,
  maxStrippedBytes,
  readAmount,
  readCount,
  readMarker,
  reads,
  skip,
  skipWitness,
  whole,
} from './transaction-reader.ts';

/** Where the parts of a serialised transaction lie, as byte offsets. */
export interface TransactionLayout {
  readonly segwit: boolean;
  /** The number of inputs stands here. */
  readonly inputs: number;
  /** The number of outputs stands here. */
  readonly outputs: number;
  /** The end of the outputs: the witness, or the lock time if there is none. */
  readonly witness: number;
  readonly lockTime: number;
}

/**
 * Walks a whole transaction without building anything: the same checks as `decodeTransaction`.
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const transactionLayout = (bytes: Uint8Array): TransactionLayout =>
  whole(bytes, maxBytes, readLayout);

const readLayout = (reader: ByteReader): TransactionLayout => {
  skip(reader, 4);
  const segwit = reader.bytes[4] === 0;
  if (segwit) readMarker(reader);
  const inputs = reader.offset;
  const count = readCount(reader, 41, 'inputs');
  if (count === 0) throw invalid('it has no inputs', inputs);
  for (let i = 0; i < count; i++) {
    skip(reader, 36);
    skip(reader, readCompactSize(reader));
    skip(reader, 4);
  }
  const outputs = reader.offset;
  for (let left = readCount(reader, 9, 'outputs'); left > 0; left--) skipOutput(reader);
  const witness = reader.offset;
  let items = 0;
  for (let i = 0; segwit && i < count; i++) items += skipWitness(reader);
  if (segwit && items === 0) {
    throw invalid('its witness is empty and must then be left out', witness);
  }
  const lockTime = reader.offset;
  skip(reader, 4);
  return { segwit, inputs, outputs, witness, lockTime };
};

const skipOutput = (reader: ByteReader): void => {
  readAmount(reader);
  skip(reader, readCompactSize(reader));
};

/**
 * The hash that outpoints name, 32 bytes in hash order, of a serialised transaction: without witness.
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const transactionHash = (
  bytes: Uint8Array,
  layout: TransactionLayout = transactionLayout(bytes),
): Uint8Array => hash256(layout.segwit ? withoutWitness(bytes, layout) : bytes);

/** The id as people read it. @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE` */
export const transactionId = (bytes: Uint8Array): Txid => formatTxid(transactionHash(bytes));

/** The id over the witness too (BIP-141 wtxid). @throws as `transactionId` */
export const witnessTransactionId = (bytes: Uint8Array): Txid => {
  transactionLayout(bytes);
  return formatTxid(hash256(bytes));
};

/** In weight units (BIP-141). @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE` */
export const transactionWeight = (bytes: Uint8Array): number => {
  const layout = transactionLayout(bytes);
  const stripped = layout.segwit
    ? bytes.length - 2 - (layout.lockTime - layout.witness)
    : bytes.length;
  return stripped * 3 + bytes.length;
};

/** In virtual bytes, rounded up. @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE` */
export const transactionVsize = (bytes: Uint8Array): number =>
  Math.ceil(transactionWeight(bytes) / 4);

/** The number of outputs of a serialised transaction. @throws as `transactionId` */
export const outputCount = (bytes: Uint8Array): number =>
  readCompactSize({ bytes, offset: transactionLayout(bytes).outputs });

/**
 * One output of a serialised transaction, or undefined if it has no such output.
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const transactionOutput = (
  bytes: Uint8Array,
  vout: number,
  layout: TransactionLayout = transactionLayout(bytes),
): TransactionOutput | undefined => {
  const reader: ByteReader = { bytes, offset: layout.outputs };
  if (vout >= readCompactSize(reader)) return undefined;
  for (let i = 0; i < vout; i++) {
    skip(reader, 8);
    skip(reader, readCompactSize(reader));
  }
  return readOutput(reader);
};

/**
 * All outputs of a serialised transaction: what it spends, and the witness, are passed over.
 * @throws `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const transactionOutputs = (
  bytes: Uint8Array,
  layout: TransactionLayout,
): readonly TransactionOutput[] => {
  const reader: ByteReader = { bytes, offset: layout.outputs };
  const outputs: TransactionOutput[] = [];
  for (let left = readCompactSize(reader); left > 0; left--) outputs.push(readOutput(reader));
  return outputs;
};

/** Good until the next call: it is written anew for each, because arrays for thousands cost more. */
const withoutWitness = (
  bytes: Uint8Array,
  { inputs, witness, lockTime }: TransactionLayout,
): Uint8Array => {
  const middle = witness - inputs;
  const length = 4 + middle + 4;
  const stripped = length > scratch.length ? new Uint8Array(length) : scratch.subarray(0, length);
  stripped.set(bytes.subarray(inputs, witness), 4);
  for (let i = 0; i < 4; i++) {
    stripped[i] = bytes[i] as number;
    stripped[4 + middle + i] = bytes[lockTime + i] as number;
  }
  return stripped;
};

/** Most transactions fit, without their witness. */
const scratch = new Uint8Array(2048);

/** True for bytes that `decodeWitness` reads. */
export const isWitness = (bytes: Uint8Array): boolean => reads(passWitness, bytes);

/** True for bytes that `decodeOutput` reads. */
export const isOutput = (bytes: Uint8Array): boolean => reads(passOutput, bytes);

/** True for bytes that `decodeTransaction` reads. */
export const isTransaction = (bytes: Uint8Array): boolean => reads(transactionLayout, bytes);

const passWitness = (bytes: Uint8Array): number => whole(bytes, maxBytes, skipWitness);

const passOutput = (bytes: Uint8Array): void => whole(bytes, maxStrippedBytes, skipOutput);
