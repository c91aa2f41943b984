import {
  byteWriter,
  concatBytes,
  hash256,
  parseHex,
  type Sats,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from '@qoima/primitives';
import { type ChainTransaction, decodeTransaction } from './transaction.ts';

/** Consensus: a block's first output may be spent after so many blocks. */
export const COINBASE_MATURITY = 100;

/** On regtest the subsidy halves this often. */
const HALVING_INTERVAL = 150;

/** What a miner may claim for a block, before fees. */
export const blockSubsidy = (height: number): Sats => {
  const halvings = Math.floor(height / HALVING_INTERVAL);
  return halvings >= 64 ? 0n : 5_000_000_000n >> BigInt(halvings);
};

/**
 * The first transaction of a block: height first in its script (BIP-34), lock time and sequence as
 * BIP-54 wants them, the reward to `script`, and the commitment to the witnesses of the block
 * (BIP-141), whose merkle root is `witnessRoot`. Bitcoin Core 31 makes the same, byte for byte.
 */
export const coinbaseTransaction = (
  height: number,
  reward: Sats,
  script: Uint8Array,
  witnessRoot: Uint8Array,
): ChainTransaction => {
  const writer = byteWriter();
  writeUint32(writer, 2);
  writeUint8(writer, 0);
  writeUint8(writer, 1);
  writeCompactSize(writer, 1);
  writeBytes(writer, new Uint8Array(32));
  writeUint32(writer, 0xffffffff);
  writeVarBytes(writer, heightScript(height));
  writeUint32(writer, 0xfffffffe);
  writeCompactSize(writer, 2);
  writeUint64(writer, reward);
  writeVarBytes(writer, script);
  writeUint64(writer, 0n);
  writeVarBytes(writer, concatBytes(COMMITMENT_HEADER, commitment(witnessRoot)));
  writeCompactSize(writer, 1);
  writeVarBytes(writer, WITNESS_RESERVED);
  writeUint32(writer, height - 1);
  const transaction = decodeTransaction(writtenBytes(writer));
  if (transaction === undefined) throw new Error('a coinbase that was just written reads again');
  return transaction;
};

/** OP_RETURN, a push of 36 bytes, and BIP-141's four bytes. */
const COMMITMENT_HEADER = parseHex('6a24aa21a9ed');

const WITNESS_RESERVED = new Uint8Array(32);

const commitment = (witnessRoot: Uint8Array): Uint8Array =>
  hash256(concatBytes(witnessRoot, WITNESS_RESERVED));

/**
 * OP_1 … OP_16 with OP_0 after it, for one byte would be too short for consensus; from 17 on a push of
 * the shortest little-endian signed number.
 */
const heightScript = (height: number): Uint8Array => {
  if (height <= 16) return Uint8Array.of(0x50 + height, 0);
  const number: number[] = [];
  for (let left = height; left > 0; left = Math.floor(left / 256)) number.push(left % 256);
  if ((number.at(-1) as number) >= 0x80) number.push(0);
  return Uint8Array.of(number.length, ...number);
};
