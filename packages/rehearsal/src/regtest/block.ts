import {
  byteWriter,
  concatBytes,
  formatTxid,
  hash256,
  parseHex,
  parseTxid,
  type Sats,
  writeBytes,
  writeCompactSize,
  writeUint32,
  writtenBytes,
} from '@qoima/primitives';
import { blockSubsidy, coinbaseTransaction } from './coinbase.ts';
import { type ChainTransaction, decodeTransaction } from './transaction.ts';

export interface Block {
  /** Displayed hash: 64 lower-case hex digits. */
  readonly hash: string;
  readonly height: number;
  readonly version: number;
  /** Displayed hash of the block before. */
  readonly previous: string;
  /** Displayed. */
  readonly merkleRoot: string;
  /** Unix seconds. */
  readonly time: number;
  readonly nonce: number;
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly transactions: readonly ChainTransaction[];
}

/** The difficulty of regtest, which never changes: every second hash will do. */
export const REGTEST_BITS = 0x207fffff;

/** What those bits stand for, as a displayed hash. */
export const REGTEST_TARGET: string = `7fffff${'0'.repeat(58)}`;

/** BIP-9's base version, without a signal. */
const BLOCK_VERSION = 0x20000000;

/** Regtest's first block, the same on every regtest chain. */
export const genesisBlock = (): Block => {
  const coinbase = decodeTransaction(parseHex(GENESIS_COINBASE));
  if (coinbase === undefined) throw new Error('the genesis coinbase is a transaction');
  const draft = {
    version: 1,
    height: 0,
    previous: '0'.repeat(64),
    time: 1_296_688_602,
    transactions: [coinbase],
  };
  return mine(draft, GENESIS_NONCE);
};

/** A smaller one would have done. */
const GENESIS_NONCE = 2;

/**
 * Makes the block after `parent`: the coinbase pays subsidy and `fees` to `script`. The nonce is the
 * first that gives proof of work, so equal arguments make equal blocks.
 */
export const assembleBlock = (
  parent: Block,
  time: number,
  transactions: readonly ChainTransaction[],
  fees: Sats,
  script: Uint8Array,
): Block => {
  const height = parent.height + 1;
  // BIP-141: the coinbase itself counts as zeros.
  const wtxids = transactions.map(({ wtxid }) => parseTxid(wtxid));
  const witnessRoot = merkleRoot([new Uint8Array(32), ...wtxids]);
  const coinbase = coinbaseTransaction(height, blockSubsidy(height) + fees, script, witnessRoot);
  return mine({
    version: BLOCK_VERSION,
    height,
    previous: parent.hash,
    time,
    transactions: [coinbase, ...transactions],
  });
};

/** A whole block as it is serialised. */
export const encodeBlock = ({ header, transactions }: Block): Uint8Array => {
  const writer = byteWriter(4096);
  writeBytes(writer, header);
  writeCompactSize(writer, transactions.length);
  for (const { bytes } of transactions) writeBytes(writer, bytes);
  return writtenBytes(writer);
};

const mine = (
  draft: Omit<Block, 'hash' | 'merkleRoot' | 'nonce' | 'header'>,
  firstNonce = 0,
): Block => {
  const merkleRootBytes = merkleRoot(draft.transactions.map(({ txid }) => parseTxid(txid)));
  for (let nonce = firstNonce; ; nonce++) {
    const header = encodeHeader(draft, merkleRootBytes, nonce);
    const hash = formatTxid(hash256(header));
    if (hash < REGTEST_TARGET) {
      return { ...draft, hash, merkleRoot: formatTxid(merkleRootBytes), nonce, header };
    }
  }
};

const encodeHeader = (
  { version, previous, time }: Pick<Block, 'version' | 'previous' | 'time'>,
  merkleRootBytes: Uint8Array,
  nonce: number,
): Uint8Array => {
  const writer = byteWriter(80);
  writeUint32(writer, version);
  writeBytes(writer, parseTxid(previous));
  writeBytes(writer, merkleRootBytes);
  writeUint32(writer, time);
  writeUint32(writer, REGTEST_BITS);
  writeUint32(writer, nonce);
  return writtenBytes(writer);
};

/** Pairs are hashed together level by level, an odd last one with itself. */
const merkleRoot = (hashes: readonly Uint8Array[]): Uint8Array => {
  const [only, second] = hashes;
  if (only === undefined) throw new Error('every block has a coinbase');
  if (second === undefined) return only;
  const parents: Uint8Array[] = [];
  for (let i = 0; i < hashes.length; i += 2) {
    const left = hashes[i] as Uint8Array;
    parents.push(hash256(concatBytes(left, hashes[i + 1] ?? left)));
  }
  return merkleRoot(parents);
};

const GENESIS_COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d01' +
  '04455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f6620' +
  '7365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548' +
  '271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b' +
  '8d578a4c702b6bf11d5fac00000000';
