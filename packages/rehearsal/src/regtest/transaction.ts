/// <reference path="./bitcore-lib.d.ts" />
import {
  equalBytes,
  formatHex,
  formatTxid,
  hash256,
  type Outpoint,
  type Txid,
} from '@qoima/primitives';
import bitcore from 'bitcore-lib';

export interface ChainInput {
  readonly outpoint: Outpoint;
  readonly sequence: number;
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

export interface ChainOutput {
  /** Satoshis; not yet checked against the supply. */
  readonly amount: bigint;
  readonly script: Uint8Array;
}

/** A transaction as the embedded chain keeps it. */
export interface ChainTransaction {
  readonly txid: Txid;
  readonly wtxid: Txid;
  /** With witnesses. */
  readonly bytes: Uint8Array;
  readonly strippedSize: number;
  readonly version: number;
  readonly lockTime: number;
  readonly inputs: readonly ChainInput[];
  readonly outputs: readonly ChainOutput[];
  /** BIP-141 weight units. */
  readonly weight: number;
}

/**
 * Reads a transaction with bitcore-lib, and so not with the code that made it. Undefined for what
 * does not read, or reads and is written otherwise (trailing bytes, long lengths, empty witnesses).
 */
export const decodeTransaction = (bytes: Uint8Array): ChainTransaction | undefined => {
  const parsed = parse(bytes);
  if (parsed === undefined || !equalBytes(parsed.toBuffer(), bytes)) return undefined;
  const stripped = plain(parsed.toBuffer(true));
  return {
    txid: formatTxid(hash256(stripped)),
    wtxid: formatTxid(hash256(bytes)),
    bytes,
    strippedSize: stripped.length,
    version: parsed.version,
    lockTime: parsed.nLockTime,
    inputs: parsed.inputs.map((input) => ({
      outpoint: { txid: formatHex(plain(input.prevTxId)), vout: input.outputIndex },
      sequence: input.sequenceNumber,
      scriptSig: plain(input._scriptBuffer),
      witness: (input.witnesses ?? []).map(plain),
    })),
    outputs: parsed.outputs.map((output) => ({
      amount: BigInt(output.satoshis),
      script: plain(output._scriptBuffer),
    })),
    weight: stripped.length * 3 + bytes.length,
  };
};

/** BIP-141: a quarter of the weight, rounded up. */
export const virtualSize = ({ weight }: ChainTransaction): number => Math.ceil(weight / 4);

/** The outpoint of a coinbase's input. */
export const NULL_TXID: Txid = '0'.repeat(64);

export const isCoinbase = ({ inputs }: ChainTransaction): boolean =>
  inputs.length === 1 && inputs[0]?.outpoint.txid === NULL_TXID;

const parse = (bytes: Uint8Array) => {
  try {
    return new bitcore.Transaction(Buffer.from(bytes));
  } catch {
    // It throws plain errors of many kinds for bytes that are no transaction.
    return undefined;
  }
};

const plain = (buffer: Buffer): Uint8Array => Uint8Array.from(buffer);
