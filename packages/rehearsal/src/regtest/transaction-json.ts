import { encodeAddress } from '@qoima/policy';
import { formatHex } from '@qoima/primitives';
import { outputType } from './output-type.ts';
import type { RpcValue } from './rpc-value.ts';
import {
  type ChainInput,
  type ChainOutput,
  type ChainTransaction,
  isCoinbase,
  virtualSize,
} from './transaction.ts';

/** As Core's `decoderawtransaction` has it, without disassembly and inferred descriptors. */
export const transactionJson = (
  transaction: ChainTransaction,
): { readonly [key: string]: RpcValue } => ({
  txid: transaction.txid,
  hash: transaction.wtxid,
  version: transaction.version,
  size: transaction.bytes.length,
  vsize: virtualSize(transaction),
  weight: transaction.weight,
  locktime: transaction.lockTime,
  vin: transaction.inputs.map((input) => inputJson(input, isCoinbase(transaction))),
  vout: transaction.outputs.map(({ amount, script }, n) => ({
    value: amount,
    n,
    scriptPubKey: scriptJson(script),
  })),
});

const scriptJson = (script: Uint8Array): { readonly [key: string]: RpcValue } => ({
  hex: formatHex(script),
  ...addressJson(script),
  type: outputType(script),
});

/** `address`, if the script has one. */
export const addressJson = (script: Uint8Array): { readonly address?: string } => {
  const type = outputType(script);
  return type === 'nonstandard' || type === 'nulldata'
    ? {}
    : { address: encodeAddress(script, 'regtest') };
};

/** The fields that tell the output apart in lists of coins. */
export const outputJson = ({
  amount,
  script,
}: ChainOutput): { readonly [key: string]: RpcValue } => ({
  value: amount,
  scriptPubKey: scriptJson(script),
});

const inputJson = (input: ChainInput, ofCoinbase: boolean): RpcValue => {
  const { outpoint, scriptSig, witness, sequence } = input;
  const txinwitness = witness.length > 0 ? witness.map(formatHex) : undefined;
  if (ofCoinbase) return { coinbase: formatHex(scriptSig), txinwitness, sequence };
  return { ...outpoint, scriptSig: { hex: formatHex(scriptSig) }, txinwitness, sequence };
};
