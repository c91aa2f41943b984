import {
  type FeeRate,
  formatBtc,
  formatHex,
  isQoimaError,
  type QoimaError,
  type Txid,
} from '@qoima/primitives';
import type { AcceptVerdict } from './chain-source.ts';
import { acceptReply, decodedTransactionReply, hashReply } from './core-replies.ts';
import { countConfirmations } from './core-transactions.ts';
import { chainError } from './errors.ts';
import { type CoreError, isRpcError, type JsonRpc } from './json-rpc.ts';
import { oneLine } from './rpc-reply.ts';

/** Codes of `src/rpc/protocol.h`. */
const RPC_DESERIALIZATION_ERROR = -22;
const RPC_VERIFY_ERROR = -25;
const RPC_VERIFY_REJECTED = -26;
const RPC_VERIFY_ALREADY_IN_UTXO_SET = -27;

/** What the node's mempool would say; nothing is sent. */
export const testAcceptance = async (
  rpc: JsonRpc,
  transaction: Uint8Array,
  maxFeeRate: FeeRate,
): Promise<AcceptVerdict> => {
  const parameters = { rawtxs: [formatHex(transaction)], maxfeerate: formatBtc(maxFeeRate) };
  try {
    const [verdict] = await rpc.call('testmempoolaccept', parameters, acceptReply);
    return verdict.allowed
      ? { allowed: true, vsize: verdict.vsize, fee: verdict.fees.base }
      : { allowed: false, reason: oneLine(verdict['reject-reason']) };
  } catch (error) {
    if (!isRpcError(error, RPC_DESERIALIZATION_ERROR)) throw error;
    return { allowed: false, reason: error.details.rpcMessage };
  }
};

/**
 * Sends a transaction. One that the network has already, in a mempool or in a block, is a success, so
 * that a broadcast may be repeated after a lost answer.
 * @throws `CHAIN_REJECTED`
 */
export const broadcastTransaction = async (
  rpc: JsonRpc,
  wallet: string,
  transaction: Uint8Array,
  maxFeeRate: FeeRate,
): Promise<Txid> => {
  const hexstring = formatHex(transaction);
  try {
    const parameters = { hexstring, maxfeerate: formatBtc(maxFeeRate) };
    return await rpc.call('sendrawtransaction', parameters, hashReply);
  } catch (error) {
    if (isRpcError(error, RPC_DESERIALIZATION_ERROR)) throw rejected(error);
    const present = isRpcError(error, RPC_VERIFY_ALREADY_IN_UTXO_SET);
    if (!present && !isRpcError(error, RPC_VERIFY_ERROR, RPC_VERIFY_REJECTED)) throw error;
    const { txid } = await rpc.call('decoderawtransaction', { hexstring }, decodedTransactionReply);
    // Once its outputs are spent too, a transaction in a block is refused for missing inputs.
    if (present || (await isKnown(rpc, wallet, txid))) return txid;
    throw rejected(error);
  }
};

const isKnown = async (rpc: JsonRpc, wallet: string, txid: Txid): Promise<boolean> => {
  try {
    const { confirmations, inMempool } = await countConfirmations(rpc, wallet, txid);
    return confirmations > 0 || inMempool;
  } catch (error) {
    if (isQoimaError(error, 'CHAIN_TRANSACTION_UNKNOWN')) return false;
    throw error;
  }
};

const rejected = ({ details: { rpcMessage: reason } }: CoreError): QoimaError =>
  chainError('CHAIN_REJECTED', `The node refuses the transaction: ${reason}`, { reason });
