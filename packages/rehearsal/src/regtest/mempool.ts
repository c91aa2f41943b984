import { formatOutpoint, type Outpoint, type Sats, type Txid } from '@qoima/primitives';
import { type Accepted, judgeForMempool, type Verdict } from './acceptance.ts';
import type { Block } from './block.ts';
import type { BlockChain, Coin } from './block-chain.ts';
import type { ChainTransaction } from './transaction.ts';

export interface MempoolEntry {
  readonly transaction: ChainTransaction;
  readonly fee: Sats;
  readonly vsize: number;
  /** Unix seconds. */
  readonly time: number;
  /** Of the tip when it came. */
  readonly height: number;
}

/** Transactions that wait for a block, in the order in which they came: parents first. */
export interface Mempool {
  entries(): readonly MempoolEntry[];
  entry(txid: Txid): MempoolEntry | undefined;
  /** The waiting transaction that spends it. */
  spender(outpoint: Outpoint): Txid | undefined;
  judge(transaction: ChainTransaction): Verdict;
  /** Takes a transaction that `judge` has accepted. */
  add(transaction: ChainTransaction, verdict: Accepted): void;
  /** Lets go of what a block holds and of what conflicts with it. */
  removeFor(block: Block): void;
}

/**
 * A mempool with Core's rules, but: a conflict is refused and never a replacement, there is no limit
 * to size or to chains of transactions, and signature operations are not counted.
 */
export const createMempool = (chain: BlockChain, now: () => number): Mempool => {
  const entries = new Map<Txid, MempoolEntry>();
  const spenders = new Map<string, Txid>();
  const spender = (outpoint: Outpoint): Txid | undefined => spenders.get(formatOutpoint(outpoint));

  const coin = (outpoint: Outpoint): Coin | undefined => {
    const output = entries.get(outpoint.txid)?.transaction.outputs[outpoint.vout];
    return output === undefined
      ? chain.coin(outpoint)
      : { ...output, height: chain.tip().height + 1, isCoinbase: false };
  };

  const remove = (txid: Txid): void => {
    const inputs = entries.get(txid)?.transaction.inputs ?? [];
    entries.delete(txid);
    for (const { outpoint } of inputs) spenders.delete(formatOutpoint(outpoint));
  };

  const removeWithDescendants = (txid: Txid): void => {
    for (const vout of entries.get(txid)?.transaction.outputs.keys() ?? []) {
      const child = spender({ txid, vout });
      if (child !== undefined) removeWithDescendants(child);
    }
    remove(txid);
  };

  return {
    entries: () => [...entries.values()],
    entry: (txid) => entries.get(txid),
    spender,
    judge: (transaction) =>
      judgeForMempool(transaction, {
        chain,
        coin,
        isClaimed: (outpoint) => spender(outpoint) !== undefined,
        isWaiting: ({ txid }) => entries.has(txid),
      }),
    add: (transaction, { fee, vsize }) => {
      const { txid, inputs } = transaction;
      entries.set(txid, { transaction, fee, vsize, time: now(), height: chain.tip().height });
      for (const { outpoint } of inputs) spenders.set(formatOutpoint(outpoint), txid);
    },
    removeFor: ({ transactions }) => {
      for (const { txid } of transactions) remove(txid);
      for (const { outpoint } of transactions.flatMap(({ inputs }) => inputs)) {
        const conflicting = spender(outpoint);
        if (conflicting !== undefined) removeWithDescendants(conflicting);
      }
    },
  };
};
