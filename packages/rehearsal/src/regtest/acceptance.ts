import { formatOutpoint, type Outpoint, type Sats } from '@qoima/primitives';
import type { BlockChain, Coin } from './block-chain.ts';
import { COINBASE_MATURITY } from './coinbase.ts';
import { areSequencesMet, isFinal } from './lock-time.ts';
import { scriptFailure } from './script-check.ts';
import { type ChainTransaction, virtualSize } from './transaction.ts';
import { consensusFault, inputFault, relayFault } from './transaction-rules.ts';

/** Core's default since version 30, satoshis per 1000 vbytes. */
export const MIN_RELAY_FEE_RATE: Sats = 100n;

/** The inputs of a transaction are spent already, or were never there. */
export const MISSING_INPUTS = 'bad-txns-inputs-missingorspent';

export interface Accepted {
  readonly accepted: true;
  readonly fee: Sats;
  /** Virtual bytes. */
  readonly vsize: number;
}

/** In Core's words; `details` says more. */
export interface Refused {
  readonly accepted: false;
  readonly reason: string;
  readonly details?: string;
}

export type Verdict = Accepted | Refused;

/** The places that a verdict looks at. */
export interface AcceptanceContext {
  readonly chain: BlockChain;
  /** An output that may be spent, in a block or in a transaction that waits. */
  coin(outpoint: Outpoint): Coin | undefined;
  /** True for one that a waiting transaction spends. */
  isClaimed(outpoint: Outpoint): boolean;
  isWaiting(transaction: ChainTransaction): boolean;
}

/** Whether a transaction may wait for a block: the rules of consensus and of relay, in Core's order. */
export const judgeForMempool = (
  transaction: ChainTransaction,
  { chain, coin, isClaimed, isWaiting }: AcceptanceContext,
): Verdict => {
  const fault = consensusFault(transaction) ?? relayFault(transaction);
  if (fault !== undefined) return refused(fault);
  if (!isFinal(transaction, chain)) return refused('non-final');
  if (isWaiting(transaction)) return refused('txn-already-in-mempool');
  const outpoints = transaction.inputs.map(({ outpoint }) => outpoint);
  if (outpoints.some(isClaimed)) return refused('txn-mempool-conflict');
  const spent = outpoints.map(coin).filter((each) => each !== undefined);
  // Core says txn-already-known while one of the outputs is in its cache of coins, which a restart empties.
  if (spent.length < outpoints.length) return refused(MISSING_INPUTS);
  if (!areSequencesMet(transaction, spent, chain)) return refused('non-BIP68-final');
  const inputsFault = inputFault(transaction, spent);
  if (inputsFault !== undefined) return refused(inputsFault);
  const verdict = judgeAmounts(transaction, spent, chain);
  if (!verdict.accepted) return verdict;
  const least = (BigInt(verdict.vsize) * MIN_RELAY_FEE_RATE + 999n) / 1000n;
  if (verdict.fee < least) return refused('min relay fee not met', `${verdict.fee} < ${least}`);
  const failure = scriptFailure(transaction, spent);
  if (failure === undefined) return verdict;
  return refused(`mempool-script-verify-flag-failed (${failure})`);
};

/**
 * Whether the next block may hold a transaction whose inputs are all in earlier blocks: the rules of
 * consensus alone, though scripts are held to Core's standard. `claimed` are the outpoints that the
 * block's other transactions spend, as text.
 */
export const judgeForBlock = (
  transaction: ChainTransaction,
  chain: BlockChain,
  claimed: ReadonlySet<string>,
): Verdict => {
  const fault = consensusFault(transaction);
  if (fault !== undefined) return refused(fault);
  if (!isFinal(transaction, chain)) return refused('bad-txns-nonfinal');
  const { inputs } = transaction;
  const spent = inputs
    .filter(({ outpoint }) => !claimed.has(formatOutpoint(outpoint)))
    .map(({ outpoint }) => chain.coin(outpoint))
    .filter((coin) => coin !== undefined);
  if (spent.length < inputs.length) return refused(MISSING_INPUTS);
  if (!areSequencesMet(transaction, spent, chain)) return refused('bad-txns-nonfinal');
  const verdict = judgeAmounts(transaction, spent, chain);
  const failure = verdict.accepted ? scriptFailure(transaction, spent) : undefined;
  return failure === undefined ? verdict : refused(`block-script-verify-flag-failed (${failure})`);
};

const judgeAmounts = (
  transaction: ChainTransaction,
  spent: readonly Coin[],
  chain: BlockChain,
): Verdict => {
  const nextHeight = chain.tip().height + 1;
  for (const coin of spent) {
    const depth = nextHeight - coin.height;
    if (coin.isCoinbase && depth < COINBASE_MATURITY) {
      const details = `tried to spend coinbase at depth ${depth}`;
      return refused('bad-txns-premature-spend-of-coinbase', details);
    }
  }
  const fee = sum(spent) - sum(transaction.outputs);
  if (fee < 0n) return refused('bad-txns-in-belowout');
  return { accepted: true, fee, vsize: virtualSize(transaction) };
};

const sum = (outputs: readonly { readonly amount: bigint }[]): bigint =>
  outputs.reduce((total, { amount }) => total + amount, 0n);

const refused = (reason: string, details?: string): Refused => ({
  accepted: false,
  reason,
  ...(details !== undefined && { details }),
});
