import { formatOutpoint, type Sats } from '@qoima/primitives';
import { type Accepted, judgeForBlock } from './acceptance.ts';
import { assembleBlock, type Block } from './block.ts';
import { type BlockChain, blockChain } from './block-chain.ts';
import { createMempool, type Mempool } from './mempool.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { ChainTransaction } from './transaction.ts';
import { createWatchWallet, type WatchWallet } from './watch-wallet.ts';

/** Everything that the embedded node knows. It lives in memory and ends with the process. */
export interface NodeState {
  readonly chain: BlockChain;
  readonly mempool: Mempool;
  readonly wallets: ReadonlyMap<string, WatchWallet>;
  /** Unix seconds. */
  now(): number;
  /** Moves the clock, which never runs by itself; 0 moves it back to where it was at first. */
  setMockTime(time: number): void;
  createWallet(name: string): WatchWallet;
  /** Puts a transaction into the mempool, which has judged it, and shows it to the wallets. */
  accept(transaction: ChainTransaction, verdict: Accepted): void;
  /** Mines one block with everything that waits; its reward goes to `script`. */
  mine(script: Uint8Array): Block;
  /**
   * Mines one block with these transactions and nothing else; as in Core, nobody gets their fees.
   * @throws RpcError if one cannot be in it
   */
  mineOnly(script: Uint8Array, transactions: readonly ChainTransaction[]): Block;
}

/** A block may weigh 4,000,000 units; Core leaves this much for header and coinbase. */
const MAX_BLOCK_WEIGHT = 4_000_000 - 8000;

/** A chain of one block, the genesis, with its clock at `seedTime`. */
export const nodeState = (seedTime: number): NodeState => {
  let mockTime = 0;
  const now = (): number => (mockTime === 0 ? seedTime : mockTime);
  const chain = blockChain();
  const mempool = createMempool(chain, now);
  const wallets = new Map<string, WatchWallet>();

  const notice = (transaction: ChainTransaction): void => {
    for (const wallet of wallets.values()) wallet.notice(transaction);
  };

  const connect = (
    script: Uint8Array,
    transactions: readonly ChainTransaction[],
    fees: Sats,
  ): Block => {
    const tip = chain.tip();
    // Consensus: later than the median time; otherwise the clock's time.
    const time = Math.max(chain.medianTime(tip.height) + 1, now());
    const block = assembleBlock(tip, time, transactions, fees, script);
    chain.connect(block);
    mempool.removeFor(block);
    block.transactions.forEach(notice);
    return block;
  };

  return {
    chain,
    mempool,
    wallets,
    now,
    setMockTime: (time) => {
      mockTime = time;
    },
    createWallet: (name) => {
      const wallet = createWatchWallet(name, chain, mempool);
      wallets.set(name, wallet);
      return wallet;
    },
    accept: (transaction, verdict) => {
      mempool.add(transaction, verdict);
      notice(transaction);
    },
    mine: (script) => {
      const taken: ChainTransaction[] = [];
      let weight = 0;
      let fees = 0n;
      for (const { transaction, fee } of mempool.entries()) {
        weight += transaction.weight;
        // Parents come first, so leaving out all that follows leaves no child without its parent.
        if (weight > MAX_BLOCK_WEIGHT) break;
        taken.push(transaction);
        fees += fee;
      }
      return connect(script, taken, fees);
    },
    mineOnly: (script, transactions) => {
      const spent = new Set<string>();
      for (const transaction of transactions) {
        const verdict = judgeForBlock(transaction, chain, spent);
        if (!verdict.accepted) {
          const what = `TestBlockValidity failed: ${verdict.reason}`;
          throw new RpcError(RPC.VERIFY_ERROR, what);
        }
        for (const { outpoint } of transaction.inputs) spent.add(formatOutpoint(outpoint));
      }
      return connect(script, transactions, 0n);
    },
  };
};
