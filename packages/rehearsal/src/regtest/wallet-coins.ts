import { formatHex, type Sats, type Txid } from '@qoima/primitives';
import { COINBASE_MATURITY } from './coinbase.ts';
import type { NodeState } from './node-state.ts';
import type { ChainTransaction } from './transaction.ts';
import { addressJson } from './transaction-json.ts';
import type { WatchWallet } from './watch-wallet.ts';

/** One entry of `listunspent`, without `desc`. */
export interface UnspentCoin {
  readonly txid: Txid;
  readonly vout: number;
  readonly address?: string;
  readonly label?: string;
  readonly scriptPubKey: string;
  readonly amount: Sats;
  readonly confirmations: number;
  readonly redeemScript?: string;
  readonly witnessScript?: string;
  readonly spendable: true;
  readonly solvable: true;
  readonly parent_descs: readonly string[];
  readonly safe: boolean;
}

/** The mature coins of a wallet that no transaction spends, in a block or waiting. */
export const unspentCoins = (wallet: WatchWallet, state: NodeState): readonly UnspentCoin[] =>
  wallet.transactions().flatMap((transaction) => coinsOf(transaction, wallet, state));

const coinsOf = (
  transaction: ChainTransaction,
  wallet: WatchWallet,
  state: NodeState,
): readonly UnspentCoin[] => {
  const { chain, mempool } = state;
  const { txid } = transaction;
  const waits = mempool.entry(txid) !== undefined;
  const coins: UnspentCoin[] = [];
  for (const [vout, { amount, script }] of transaction.outputs.entries()) {
    const own = wallet.own(script);
    if (own === undefined || mempool.spender({ txid, vout }) !== undefined) continue;
    const coin = chain.coin({ txid, vout });
    if (coin === undefined && !waits) continue;
    const confirmations = coin === undefined ? 0 : chain.tip().height - coin.height + 1;
    if (coin?.isCoinbase && confirmations <= COINBASE_MATURITY) continue;
    const { redeemScript, witnessScript } = own.script;
    const scriptPubKey = formatHex(script);
    const label = wallet.labels.get(scriptPubKey);
    coins.push({
      txid,
      vout,
      ...addressJson(script),
      ...(label !== undefined && { label }),
      scriptPubKey,
      amount,
      confirmations,
      ...(redeemScript !== undefined && { redeemScript: formatHex(redeemScript) }),
      ...(witnessScript !== undefined && { witnessScript: formatHex(witnessScript) }),
      spendable: true,
      solvable: true,
      parent_descs: [own.descriptor],
      safe: confirmations > 0 || isFromUs(transaction, wallet),
    });
  }
  return coins;
};

/** True when every input spends an output of the wallet. */
export const isFromUs = ({ inputs }: ChainTransaction, wallet: WatchWallet): boolean =>
  inputs.every(({ outpoint }) => {
    const output = wallet.transaction(outpoint.txid)?.outputs[outpoint.vout];
    return output !== undefined && wallet.own(output.script) !== undefined;
  });
