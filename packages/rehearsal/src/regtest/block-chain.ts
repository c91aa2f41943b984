import { formatOutpoint, type Outpoint, type Txid } from '@qoima/primitives';
import { type Block, genesisBlock } from './block.ts';
import { isUnspendable } from './output-type.ts';
import { type ChainOutput, type ChainTransaction, isCoinbase } from './transaction.ts';

/** An unspent output. */
export interface Coin extends ChainOutput {
  /** Of its block. */
  readonly height: number;
  readonly isCoinbase: boolean;
}

export interface ConfirmedTransaction {
  readonly transaction: ChainTransaction;
  readonly block: Block;
  /** Its place in the block. */
  readonly position: number;
}

/** Blocks in memory, one after the other; there is no other branch and so no reorganisation. */
export interface BlockChain {
  tip(): Block;
  blockAt(height: number): Block | undefined;
  blockByHash(hash: string): Block | undefined;
  /** BIP-113: the median time of the eleven blocks up to this height. */
  medianTime(height: number): number;
  transaction(txid: Txid): ConfirmedTransaction | undefined;
  coin(outpoint: Outpoint): Coin | undefined;
  /** The transaction in a block that spends it. */
  spender(outpoint: Outpoint): Txid | undefined;
  /** Puts the next block on top. Its rules were checked by whoever made it. */
  connect(block: Block): void;
}

export const blockChain = (): BlockChain => {
  const blocks: Block[] = [];
  const byHash = new Map<string, Block>();
  const transactions = new Map<Txid, ConfirmedTransaction>();
  const coins = new Map<string, Coin>();
  const spenders = new Map<string, Txid>();

  const connectTransaction = (confirmed: ConfirmedTransaction): void => {
    const { transaction, block } = confirmed;
    transactions.set(transaction.txid, confirmed);
    if (!isCoinbase(transaction)) {
      for (const { outpoint } of transaction.inputs) {
        coins.delete(formatOutpoint(outpoint));
        spenders.set(formatOutpoint(outpoint), transaction.txid);
      }
    }
    for (const [vout, output] of transaction.outputs.entries()) {
      if (isUnspendable(output.script)) continue;
      coins.set(formatOutpoint({ txid: transaction.txid, vout }), {
        ...output,
        height: block.height,
        isCoinbase: isCoinbase(transaction),
      });
    }
  };

  const chain: BlockChain = {
    tip: () => {
      const tip = blocks.at(-1);
      if (tip === undefined) throw new Error('a chain begins with its genesis block');
      return tip;
    },
    blockAt: (height) => blocks[height],
    blockByHash: (hash) => byHash.get(hash),
    medianTime: (height) => {
      const times = blocks.slice(Math.max(0, height - 10), height + 1).map(({ time }) => time);
      return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
    },
    transaction: (txid) => transactions.get(txid),
    coin: (outpoint) => coins.get(formatOutpoint(outpoint)),
    spender: (outpoint) => spenders.get(formatOutpoint(outpoint)),
    connect: (block) => {
      blocks.push(block);
      byHash.set(block.hash, block);
      for (const [position, transaction] of block.transactions.entries()) {
        connectTransaction({ transaction, block, position });
      }
    },
  };
  const genesis = genesisBlock();
  chain.connect(genesis);
  // Consensus: the genesis coinbase never entered the set of coins, nor does Core's index list it.
  for (const { txid } of genesis.transactions) {
    transactions.delete(txid);
    coins.delete(formatOutpoint({ txid, vout: 0 }));
  }
  return chain;
};
