import type { BlockChain, Coin } from './block-chain.ts';
import type { ChainTransaction } from './transaction.ts';

/** Below it a lock time is a height, from it on unix seconds. */
const LOCKTIME_THRESHOLD = 500_000_000;

const SEQUENCE_FINAL = 0xffffffff;
const SEQUENCE_DISABLE_FLAG = 0x80000000;
const SEQUENCE_TYPE_FLAG = 0x00400000;
const SEQUENCE_MASK = 0x0000ffff;
/** Relative times count in units of 512 seconds. */
const SEQUENCE_SHIFT = 9;

/** True when the lock time lets a transaction into the next block (BIP-113: by median time). */
export const isFinal = (transaction: ChainTransaction, chain: BlockChain): boolean => {
  const { lockTime, inputs } = transaction;
  const { height } = chain.tip();
  const reached = lockTime < LOCKTIME_THRESHOLD ? height + 1 : chain.medianTime(height);
  return lockTime < reached || inputs.every(({ sequence }) => sequence === SEQUENCE_FINAL);
};

/**
 * True when the relative locks of all inputs have run out (BIP-68). `spent` are their coins, one for
 * each; one in the mempool has the height of the next block.
 */
export const areSequencesMet = (
  transaction: ChainTransaction,
  spent: readonly Coin[],
  chain: BlockChain,
): boolean => {
  if (transaction.version < 2) return true;
  const { height } = chain.tip();
  return spent.every((coin, index) => {
    const sequence = transaction.inputs[index]?.sequence ?? SEQUENCE_FINAL;
    if ((sequence & SEQUENCE_DISABLE_FLAG) !== 0) return true;
    const wait = sequence & SEQUENCE_MASK;
    if ((sequence & SEQUENCE_TYPE_FLAG) === 0) return coin.height + wait <= height + 1;
    const since = chain.medianTime(Math.max(coin.height - 1, 0));
    return since + (wait << SEQUENCE_SHIFT) <= chain.medianTime(height);
  });
};
