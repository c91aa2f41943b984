import { MAX_SATS, parseBtc, parseHex, type Sats } from '@qoima/primitives';
import { MIN_RELAY_FEE_RATE, MISSING_INPUTS, type Refused } from './acceptance.ts';
import type { MempoolEntry } from './mempool.ts';
import { isUnspendable } from './output-type.ts';
import type { RpcArguments } from './rpc-arguments.ts';
import { RPC, RpcError } from './rpc-error.ts';
import type { RpcMethods } from './rpc-method.ts';
import type { RpcValue } from './rpc-value.ts';
import { type ChainTransaction, decodeTransaction } from './transaction.ts';
import { transactionJson } from './transaction-json.ts';

/** Calls about transactions that are not in a block. */
export const mempoolMethods: RpcMethods = {
  sendrawtransaction: {
    parameters: ['hexstring', 'maxfeerate', 'maxburnamount'],
    run: (parameters, { state }) => {
      const transaction = readTransaction(parameters.text('hexstring'));
      const { txid, outputs } = transaction;
      const maxBurn = parameters.amount('maxburnamount', 0n);
      const maxFeeRate = readMaxFeeRate(parameters);
      if (outputs.some(({ script, amount }) => isUnspendable(script) && amount > maxBurn)) {
        throw exceeded('Unspendable output', 'maxburnamount');
      }
      if (outputs.some((_, vout) => state.chain.coin({ txid, vout }) !== undefined)) {
        const what = 'Transaction outputs already in utxo set';
        throw new RpcError(RPC.VERIFY_ALREADY_IN_UTXO_SET, what);
      }
      if (state.mempool.entry(txid) !== undefined) return txid;
      const verdict = state.mempool.judge(transaction);
      if (!verdict.accepted) throw refusal(verdict);
      if (verdict.fee > highestFee(maxFeeRate, verdict.vsize)) {
        throw exceeded('Fee', 'e.g. -maxtxfee, maxfeerate');
      }
      state.accept(transaction, verdict);
      return txid;
    },
  },
  testmempoolaccept: {
    parameters: ['rawtxs', 'maxfeerate'],
    run: (parameters, { state }) => {
      const raw = parameters.list('rawtxs');
      const maxFeeRate = readMaxFeeRate(parameters);
      const [only] = raw;
      if (raw.length !== 1) {
        const what = 'The embedded node tests exactly one transaction at a time.';
        throw new RpcError(RPC.INVALID_PARAMETER, what);
      }
      const transaction = readTransaction(String(only), `: ${String(only)}`);
      const { txid, wtxid } = transaction;
      const verdict = state.mempool.judge(transaction);
      if (!verdict.accepted) return [{ txid, wtxid, allowed: false, ...rejection(verdict) }];
      if (verdict.fee > highestFee(maxFeeRate, verdict.vsize)) {
        return [{ txid, wtxid, allowed: false, 'reject-reason': 'max-fee-exceeded' }];
      }
      const fees = {
        base: verdict.fee,
        'effective-feerate': (verdict.fee * 1000n) / BigInt(verdict.vsize),
        'effective-includes': [wtxid],
      };
      return [{ txid, wtxid, allowed: true, vsize: verdict.vsize, fees }];
    },
  },
  getmempoolentry: {
    parameters: ['txid'],
    run: (parameters, { state }) => {
      const entry = state.mempool.entry(parameters.hash('txid'));
      if (entry === undefined) {
        throw new RpcError(RPC.INVALID_ADDRESS_OR_KEY, 'Transaction not in mempool');
      }
      return entryJson(entry);
    },
  },
  getrawmempool: {
    parameters: ['verbose'],
    run: (_, { state }) => state.mempool.entries().map(({ transaction }) => transaction.txid),
  },
  getmempoolinfo: {
    parameters: [],
    run: (_, { state }) => {
      const entries = state.mempool.entries();
      return {
        loaded: true,
        size: entries.length,
        bytes: entries.reduce((sum, { vsize }) => sum + vsize, 0),
        total_fee: entries.reduce((sum, { fee }) => sum + fee, 0n),
        mempoolminfee: MIN_RELAY_FEE_RATE,
        minrelaytxfee: MIN_RELAY_FEE_RATE,
        incrementalrelayfee: MIN_RELAY_FEE_RATE,
      };
    },
  },
  decoderawtransaction: {
    parameters: ['hexstring', 'iswitness'],
    run: (parameters) => transactionJson(readTransaction(parameters.text('hexstring'))),
  },
  /** There is no traffic to estimate from, as on any regtest. */
  estimatesmartfee: {
    parameters: ['conf_target', 'estimate_mode'],
    run: (parameters) => {
      const target = parameters.integer('conf_target');
      if (target < 1 || target > 1008) {
        const what = 'Invalid conf_target, must be between 1 and 1008';
        throw new RpcError(RPC.INVALID_PARAMETER, what);
      }
      return { errors: ['Insufficient data or no feerate found'], blocks: 0 };
    },
  },
};

/** @throws RpcError for what is not hex of a transaction */
export const readTransaction = (hex: string, which = '.'): ChainTransaction => {
  const isHex = hex.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(hex);
  const transaction = isHex ? decodeTransaction(parseHex(hex)) : undefined;
  if (transaction !== undefined) return transaction;
  const what = `TX decode failed${which} Make sure the tx has at least one input.`;
  throw new RpcError(RPC.DESERIALIZATION_ERROR, what);
};

/** Core's default for `maxfeerate`, per 1000 vbytes. */
const DEFAULT_MAX_FEE_RATE: Sats = parseBtc('0.10');

const readMaxFeeRate = (parameters: RpcArguments): Sats =>
  parameters.amount('maxfeerate', DEFAULT_MAX_FEE_RATE);

/** A rate of 0 stands for no limit. */
const highestFee = (rate: Sats, vsize: number): Sats =>
  rate === 0n ? MAX_SATS : (rate * BigInt(vsize) + 999n) / 1000n;

const exceeded = (what: string, which: string): RpcError =>
  new RpcError(RPC.VERIFY_ERROR, `${what} exceeds maximum configured by user (${which})`);

const withDetails = ({ reason, details }: Refused): string =>
  details === undefined ? reason : `${reason}, ${details}`;

const refusal = (refused: Refused): RpcError =>
  new RpcError(
    refused.reason === MISSING_INPUTS ? RPC.VERIFY_ERROR : RPC.VERIFY_REJECTED,
    withDetails(refused),
  );

const rejection = (refused: Refused): { readonly [key: string]: RpcValue } =>
  refused.reason === MISSING_INPUTS
    ? { 'reject-reason': 'missing-inputs' }
    : { 'reject-reason': refused.reason, 'reject-details': withDetails(refused) };

const entryJson = ({ transaction, fee, vsize, time, height }: MempoolEntry): RpcValue => ({
  vsize,
  weight: transaction.weight,
  time,
  height,
  wtxid: transaction.wtxid,
  fees: { base: fee, modified: fee },
});
