import { formatHex, type Sats, type Txid } from '@qoima/primitives';
import type { BlockChain } from './block-chain.ts';
import type { NodeState } from './node-state.ts';
import type { RpcValue } from './rpc-value.ts';
import { type ChainOutput, type ChainTransaction, isCoinbase } from './transaction.ts';
import { addressJson } from './transaction-json.ts';
import { isFromUs } from './wallet-coins.ts';
import type { WatchWallet } from './watch-wallet.ts';

/** As Core's `gettransaction` has it; `details` names outputs only, and there are no comments. */
export const walletTransactionJson = (
  transaction: ChainTransaction,
  wallet: WatchWallet,
  state: NodeState,
): RpcValue => {
  const { txid, wtxid, bytes, outputs } = transaction;
  const isOurs = isFromUs(transaction, wallet);
  const received = total(outputs.filter(({ script }) => wallet.own(script) !== undefined));
  const spent = spentFrom(transaction, wallet);
  // Core counts it as what the wallet gains: below zero.
  const fee = isOurs ? total(outputs) - spent : undefined;
  const tip = state.chain.tip();
  return {
    amount: received - spent - (fee ?? 0n),
    fee,
    ...placeJson(transaction, state, isOurs),
    generated: isCoinbase(transaction) ? true : undefined,
    txid,
    wtxid,
    walletconflicts: conflicts(transaction, state),
    mempoolconflicts: [],
    time: state.chain.transaction(txid)?.block.time ?? state.now(),
    timereceived: state.now(),
    details: outputs.flatMap((output, vout) => detailJson(output, vout, fee, wallet)),
    hex: formatHex(bytes),
    lastprocessedblock: { hash: tip.hash, height: tip.height },
  };
};

const placeJson = (
  transaction: ChainTransaction,
  { chain }: NodeState,
  isOurs: boolean,
): { readonly [key: string]: RpcValue } => {
  const { height } = chain.tip();
  const confirmed = chain.transaction(transaction.txid);
  if (confirmed !== undefined) {
    const { block, position } = confirmed;
    return {
      confirmations: height - block.height + 1,
      blockhash: block.hash,
      blockheight: block.height,
      blockindex: position,
      blocktime: block.time,
    };
  }
  const depth = conflictDepth(transaction, chain);
  return { confirmations: depth === 0 ? 0 : -depth, trusted: isOurs && depth === 0 };
};

/** How many blocks deep the deepest transaction is that took one of the inputs; 0 without one. */
const conflictDepth = ({ inputs }: ChainTransaction, chain: BlockChain): number => {
  const depths = inputs.map(({ outpoint }) => {
    const spender = chain.transaction(chain.spender(outpoint) ?? '');
    return spender === undefined ? 0 : chain.tip().height - spender.block.height + 1;
  });
  return Math.max(0, ...depths);
};

const conflicts = ({ txid, inputs }: ChainTransaction, { chain }: NodeState): readonly Txid[] => {
  const spenders = inputs.map(({ outpoint }) => chain.spender(outpoint));
  return [...new Set(spenders.filter((each) => each !== undefined && each !== txid))] as Txid[];
};

const detailJson = (
  { amount, script }: ChainOutput,
  vout: number,
  fee: Sats | undefined,
  wallet: WatchWallet,
): readonly RpcValue[] => {
  const isOurs = fee !== undefined;
  const isOwn = wallet.own(script) !== undefined;
  if (isOwn === isOurs) return [];
  const label = wallet.labels.get(formatHex(script));
  const place = { ...addressJson(script), ...(label !== undefined && { label }), vout };
  return [
    isOurs
      ? { category: 'send', amount: -amount, fee, ...place, abandoned: false }
      : { category: 'receive', amount, ...place, abandoned: false },
  ];
};

const spentFrom = ({ inputs }: ChainTransaction, wallet: WatchWallet): Sats =>
  total(
    inputs
      .map(({ outpoint }) => wallet.transaction(outpoint.txid)?.outputs[outpoint.vout])
      .filter((output) => output !== undefined)
      .filter(({ script }) => wallet.own(script) !== undefined),
  );

const total = (outputs: readonly ChainOutput[]): Sats =>
  outputs.reduce((sum, { amount }) => sum + amount, 0n);
