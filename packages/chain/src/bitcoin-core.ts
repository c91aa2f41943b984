import {
  type FeeRate,
  type Network,
  networkNames,
  networks,
  type Outpoint,
} from '@qoima/primitives';
import type { ChainCoin, ChainSource, ChainTip } from './chain-source.ts';
import { broadcastTransaction, testAcceptance } from './core-broadcast.ts';
import {
  blockchainReply,
  feeEstimateReply,
  type UnspentOutput,
  unspentReply,
} from './core-replies.ts';
import { countConfirmations, fetchTransaction } from './core-transactions.ts';
import { openWallet, walletStatus } from './core-wallet.ts';
import { watchDescriptors } from './core-watch.ts';
import { chainError } from './errors.ts';
import type { HttpPost } from './http-post.ts';
import { type JsonRpc, jsonRpc, type Sleep, sleepByTimer } from './json-rpc.ts';
import type { RpcAuth } from './rpc-auth.ts';
import { oneLine } from './rpc-reply.ts';

/** Where a node is, who asks it, and for which wallet. */
export interface BitcoinCoreOptions {
  /** `http://127.0.0.1:8332`; without user and password. */
  readonly url: string;
  readonly auth: RpcAuth;
  /** The network that the node must be on. */
  readonly network: Network;
  /** Name of the watch-only wallet in the node; made when it is first needed. One for each policy. */
  readonly wallet: string;
  /** For one call, 30 seconds unless told otherwise; searches may last longer while the node lives. */
  readonly timeoutMs?: number;
  /** Above this rate nothing is sent; 10,000 sat/vB unless told otherwise, as Core itself has it. */
  readonly maxFeeRate?: FeeRate;
  /** In place of node:http. */
  readonly post?: HttpPost;
  /** In place of timers. */
  readonly sleep?: Sleep;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FEE_RATE: FeeRate = 10_000_000n;

/**
 * A `ChainSource` over the JSON-RPC of a Bitcoin Core, version 26 or later, with wallet support. Each
 * first call checks the network, and those about coins open the wallet; nothing happens before.
 * @throws `CHAIN_URL_INVALID`, `CHAIN_WALLET_UNFIT` at once; every method may throw `CHAIN_…`
 */
export const bitcoinCore = ({
  network,
  wallet,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  maxFeeRate = DEFAULT_MAX_FEE_RATE,
  sleep = sleepByTimer,
  ...connection
}: BitcoinCoreOptions): ChainSource => {
  checkWalletName(wallet);
  const rpc = jsonRpc({ ...connection, timeoutMs, sleep });
  const node = once(async () => {
    await readTip(rpc, network);
    return rpc;
  });
  const walletNode = once(async () => {
    await openWallet(await node(), wallet, sleep);
    return rpc;
  });
  return {
    tip: () => readTip(rpc, network),
    watch: async (descriptors, birthday, onProgress = () => undefined) =>
      watchDescriptors(
        { rpc: await walletNode(), wallet, sleep, onProgress },
        descriptors,
        birthday,
      ),
    coins: async (minConfirmations = 1) => listCoins(await walletNode(), wallet, minConfirmations),
    transaction: async (txid) => fetchTransaction(await walletNode(), wallet, txid),
    estimateFeeRate: async (blocks) => estimateFeeRate(await node(), blocks),
    testAccept: async (transaction) => testAcceptance(await node(), transaction, maxFeeRate),
    broadcast: async (transaction) =>
      broadcastTransaction(await walletNode(), wallet, transaction, maxFeeRate),
    confirmations: async (txid) => countConfirmations(await walletNode(), wallet, txid),
  };
};

/** Runs until it succeeds once; from then on gives that result. Calls at the same time share a run. */
const once = <Result>(run: () => Promise<Result>): (() => Promise<Result>) => {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
};

/** Core takes a wallet name for a path, so nothing that could lead elsewhere may stand in it. */
const checkWalletName = (wallet: string): void => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(wallet)) return;
  const what = 'A wallet name is 1 to 100 letters, digits, dots, dashes and underscores.';
  throw chainError('CHAIN_WALLET_UNFIT', what);
};

const readTip = async (rpc: JsonRpc, expected: Network): Promise<ChainTip> => {
  const reply = await rpc.call('getblockchaininfo', {}, blockchainReply);
  const network = networkNames.find((name) => networks[name].chain === reply.chain);
  if (network !== expected) {
    const actual = network ?? oneLine(reply.chain, 40);
    throw chainError(
      'CHAIN_WRONG_NETWORK',
      `The node at ${rpc.url} is on ${actual} and not on ${expected}.`,
      { expected, actual },
    );
  }
  return {
    network,
    height: reply.blocks,
    hash: reply.bestblockhash,
    time: reply.time,
    syncing: reply.initialblockdownload,
  };
};

const estimateFeeRate = async (rpc: JsonRpc, blocks: number): Promise<FeeRate | undefined> => {
  const reply = await rpc.call('estimatesmartfee', { conf_target: blocks }, feeEstimateReply);
  return reply.feerate;
};

const listCoins = async (
  rpc: JsonRpc,
  wallet: string,
  minConfirmations: number,
): Promise<readonly ChainCoin[]> => {
  const parameters = { minconf: minConfirmations, include_unsafe: false };
  let unspent: readonly UnspentOutput[] = [];
  let tipHeight: number | undefined;
  // Only a list between two equal looks at the wallet's newest block tells the heights.
  for (let left = MAX_LOOKS; left > 0 && tipHeight === undefined; left--) {
    const before = (await walletStatus(rpc, wallet)).lastprocessedblock;
    unspent = await rpc.call('listunspent', parameters, unspentReply, { wallet });
    const after = (await walletStatus(rpc, wallet)).lastprocessedblock;
    if (before.hash === after.hash) tipHeight = before.height;
  }
  return unspent
    .filter(({ safe, solvable }) => safe && solvable)
    .map(({ txid, vout, amount, scriptPubKey, confirmations }) => ({
      outpoint: { txid, vout },
      amount,
      scriptPubKey,
      confirmations,
      ...(tipHeight !== undefined &&
        confirmations > 0 && { height: tipHeight - confirmations + 1 }),
    }))
    .sort((a, b) => compareOutpoints(a.outpoint, b.outpoint));
};

/** While a node catches up, blocks may come faster than it can be asked. */
const MAX_LOOKS = 5;

const compareOutpoints = (a: Outpoint, b: Outpoint): number =>
  a.txid === b.txid ? a.vout - b.vout : a.txid < b.txid ? -1 : 1;
