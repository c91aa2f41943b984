import { parseTxid, type QoimaError, type Txid } from '@qoima/primitives';
import type { Confirmations } from './chain-source.ts';
import {
  blockHeaderReply,
  foundOutputReply,
  hashReply,
  locatedTransactionReply,
  mempoolEntryReply,
  rawTransactionReply,
  walletTransactionReply,
} from './core-replies.ts';
import { chainError } from './errors.ts';
import { isRpcError, type JsonRpc } from './json-rpc.ts';

/** `RPC_INVALID_ADDRESS_OR_KEY` of `src/rpc/protocol.h`: no such transaction. */
const RPC_NOT_FOUND = -5;

/**
 * A whole transaction, as serialised: from the wallet, from mempool or transaction index, or else from
 * the block that one of its unspent outputs leads to.
 * @throws `CHAIN_TRANSACTION_UNKNOWN`
 */
export const fetchTransaction = async (
  rpc: JsonRpc,
  wallet: string,
  txid: Txid,
): Promise<Uint8Array> => {
  parseTxid(txid);
  const known = await walletTransaction(rpc, wallet, txid);
  if (known !== undefined) return known.hex;
  const parameters = { txid, verbosity: 0 };
  const raw = await unlessUnknown(rpc.call('getrawtransaction', parameters, rawTransactionReply));
  if (raw !== undefined) return raw;
  const blockhash = (await locateByOutput(rpc, txid))?.blockHash;
  if (blockhash === undefined) throw unknown(rpc, txid);
  return rpc.call('getrawtransaction', { ...parameters, blockhash }, rawTransactionReply);
};

/**
 * How deep a transaction is, from the same three places.
 * @throws `CHAIN_TRANSACTION_UNKNOWN`
 */
export const countConfirmations = async (
  rpc: JsonRpc,
  wallet: string,
  txid: Txid,
): Promise<Confirmations> => {
  parseTxid(txid);
  const located =
    (await locateInWallet(rpc, wallet, txid)) ??
    (await locateByIndex(rpc, txid)) ??
    (await locateByOutput(rpc, txid));
  if (located === undefined) throw unknown(rpc, txid);
  return located;
};

type Located = Promise<Confirmations | undefined>;

const locateInWallet = async (rpc: JsonRpc, wallet: string, txid: Txid): Located => {
  const known = await walletTransaction(rpc, wallet, txid);
  if (known === undefined) return undefined;
  const { confirmations, blockhash, blockheight } = known;
  if (confirmations > 0 && blockhash !== undefined && blockheight !== undefined) {
    return { confirmations, blockHash: blockhash, height: blockheight, inMempool: false };
  }
  const waits =
    confirmations === 0 &&
    (await unlessUnknown(rpc.call('getmempoolentry', { txid }, mempoolEntryReply))) !== undefined;
  return { confirmations, inMempool: waits };
};

const locateByIndex = async (rpc: JsonRpc, txid: Txid): Located => {
  const call = rpc.call('getrawtransaction', { txid, verbosity: 1 }, locatedTransactionReply);
  const found = await unlessUnknown(call);
  if (found === undefined) return undefined;
  const { confirmations, blockhash } = found;
  // A block that a reorganisation has left counts no confirmations.
  if (blockhash === undefined || confirmations === 0) {
    return { confirmations: 0, inMempool: blockhash === undefined };
  }
  const { height } = await rpc.call('getblockheader', { blockhash }, blockHeaderReply);
  return { confirmations, blockHash: blockhash, height, inMempool: false };
};

/** By one of the first two outputs, if it is unspent: a payment and its change. */
const locateByOutput = async (rpc: JsonRpc, txid: Txid): Located => {
  for (const n of [0, 1]) {
    const output = await rpc.call('gettxout', { txid, n }, foundOutputReply);
    if (output === null) continue;
    const { bestblock, confirmations } = output;
    if (confirmations === 0) return { confirmations, inMempool: true };
    const tip = await rpc.call('getblockheader', { blockhash: bestblock }, blockHeaderReply);
    const height = tip.height - confirmations + 1;
    const blockHash = await rpc.call('getblockhash', { height }, hashReply);
    return { confirmations, blockHash, height, inMempool: false };
  }
  return undefined;
};

const walletTransaction = (rpc: JsonRpc, wallet: string, txid: Txid) =>
  unlessUnknown(rpc.call('gettransaction', { txid }, walletTransactionReply, { wallet }));

const unlessUnknown = async <Result>(call: Promise<Result>): Promise<Result | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (isRpcError(error, RPC_NOT_FOUND)) return undefined;
    throw error;
  }
};

const unknown = (rpc: JsonRpc, txid: Txid): QoimaError =>
  chainError('CHAIN_TRANSACTION_UNKNOWN', `The node at ${rpc.url} does not know ${txid}.`, {
    txid,
  });
