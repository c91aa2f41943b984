import type { Branch, PolicyScripts } from '@qoima/policy';
import {
  checkSats,
  equalBytes,
  formatHex,
  formatOutpoint,
  type Outpoint,
  parseTxid,
  type Sats,
} from '@qoima/primitives';
import { assemblePsbt } from './assemble.ts';
import { refuseDuplicateInputs } from './check-outpoints.ts';
import { psbtError } from './errors.ts';
import { GLOBAL, record } from './fields.ts';
import { feeOf } from './match-policy.ts';
import { inputFields, outputFields, type PolicyFields, policyFields } from './policy-fields.ts';
import { type PreviousTransactions, previousOutput } from './previous-output.ts';
import type { Psbt, PsbtMap, PsbtVersion } from './record.ts';
import type { TransactionOutput, UnsignedInput, UnsignedTransaction } from './transaction.ts';

/** A coin of the policy to be spent. */
export interface Coin {
  readonly outpoint: Outpoint;
  readonly amount: Sats;
  readonly branch: Branch;
  readonly index: number;
  /** The whole transaction that made the coin, with or without its witness. */
  readonly previousTransaction: Uint8Array;
}

/** An output to be made. Amounts are satoshis. */
export type CreateOutput =
  | { readonly kind: 'payment'; readonly scriptPubKey: Uint8Array; readonly amount: Sats }
  /** Pays to the policy's change branch. */
  | { readonly kind: 'change'; readonly index: number; readonly amount: Sats };

/** What is to be spent, and to whom. */
export interface CreateRequest {
  readonly scripts: PolicyScripts;
  /** In the order of the inputs. */
  readonly coins: readonly Coin[];
  /** In the order of the outputs. */
  readonly outputs: readonly CreateOutput[];
  /** 0 unless told otherwise. */
  readonly version?: PsbtVersion;
  /** 0 unless told otherwise. */
  readonly lockTime?: number;
  /** Of every input: 0xfffffffd unless told otherwise, which lets the fee be raised later (BIP-125). */
  readonly sequence?: number;
}

/**
 * Creator, Constructor and Updater at once: a PSBT that has all that a signer can ask for. Each input
 * brings its previous transaction, the witness UTXO (not for bare `sh`, which has no witness), scripts,
 * sighash type ALL and every cosigner's derivation; each change output its scripts and derivations; the
 * global map every cosigner's extended key. The transaction is of version 2. Maps are made in order.
 *
 * Each coin is proven first: its previous transaction hashes to the outpoint and pays the amount to the
 * policy's script at that place. Whether the fee is sensible, an amount is dust or an address is the
 * right one is not judged here: that is the coordinator's and review's work.
 *
 * @throws `PSBT_EMPTY`, `PSBT_DUPLICATE_INPUT`, `PSBT_PREVIOUS_TX_WRONG`, `PSBT_COIN_MISMATCH`,
 *   `PSBT_OVERSPENT`, `PSBT_FIELD_INVALID`, `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`,
 *   `AMOUNT_OUT_OF_RANGE`, `OUTPOINT_INVALID`, `POLICY_INDEX_INVALID`
 */
export const createPsbt = (request: CreateRequest): Psbt => {
  const { scripts, coins, outputs, version = 0 } = request;
  const lockTime = checkUint32(request.lockTime ?? 0, 'The lock time');
  const sequence = checkUint32(request.sequence ?? 0xfffffffd, 'The sequence');
  if (coins.length === 0 || outputs.length === 0) {
    throw psbtError('PSBT_EMPTY', `There are ${coins.length} coins and ${outputs.length} outputs.`);
  }
  const draft: Draft = {
    scripts,
    fields: policyFields(scripts.policy, coins.length + outputs.length),
    previous: new Map(),
    transaction: { version: 2, lockTime, inputs: [], outputs: [] },
    inputs: [],
    outputs: [],
  };
  for (const coin of coins) addCoin(draft, coin, sequence);
  for (const output of outputs) addOutput(draft, output);
  const { transaction, fields } = draft;
  refuseDuplicateInputs(transaction);
  feeOf(
    coins.map(({ amount }) => amount),
    transaction.outputs.map(({ amount }) => amount),
  );
  const { inputs: inputMaps, outputs: outputMaps } = draft;
  if (version === 2) {
    const maps = { global: fields.global, inputs: inputMaps, outputs: outputMaps };
    return assemblePsbt(version, transaction, maps);
  }
  // In version 0 the transaction has one record, of the lowest type, and all else is in order.
  const global = [record(GLOBAL.unsignedTransaction, transaction), ...fields.global];
  return { version, global, inputs: inputMaps, outputs: outputMaps, transaction };
};

/** What is made so far. */
interface Draft {
  readonly scripts: PolicyScripts;
  readonly fields: PolicyFields;
  readonly previous: PreviousTransactions;
  readonly transaction: UnsignedTransaction & {
    readonly inputs: UnsignedInput[];
    readonly outputs: TransactionOutput[];
  };
  readonly inputs: PsbtMap[];
  readonly outputs: PsbtMap[];
}

const addCoin = (draft: Draft, coin: Coin, sequence: number): void => {
  const { scripts, fields, previous, transaction } = draft;
  const { outpoint, previousTransaction } = coin;
  const where = `Input ${transaction.inputs.length}`;
  const vout = checkUint32(outpoint.vout, 'An output number');
  const input = { txid: parseTxid(outpoint.txid), vout, sequence };
  const output = previousOutput(previous, input, previousTransaction, where);
  if (output.amount !== coin.amount) {
    throw mismatch(
      coin,
      `${where} is said to be worth ${coin.amount} satoshis and is worth ${output.amount}`,
      output.amount.toString(),
      coin.amount.toString(),
    );
  }
  const script = scripts.at(coin.branch, coin.index);
  if (!equalBytes(output.script, script.scriptPubKey)) {
    throw mismatch(
      coin,
      `${where} does not pay to ${coin.branch} address ${coin.index} of the policy ${scripts.policy.name}`,
      formatHex(script.scriptPubKey),
      formatHex(output.script),
    );
  }
  transaction.inputs.push(input);
  draft.inputs.push(inputFields(fields, script, previousTransaction, output));
};

const addOutput = (
  { scripts, fields, transaction, outputs }: Draft,
  output: CreateOutput,
): void => {
  const amount = checkSats(output.amount, `The amount of output ${outputs.length}`);
  if (output.kind === 'payment') {
    transaction.outputs.push({ amount, script: new Uint8Array(output.scriptPubKey) });
    outputs.push([]);
  } else {
    const script = scripts.at('change', output.index);
    transaction.outputs.push({ amount, script: script.scriptPubKey });
    outputs.push(outputFields(fields, script));
  }
};

const mismatch = (coin: Coin, what: string, expected: string, actual: string): Error =>
  psbtError('PSBT_COIN_MISMATCH', `${what}.`, {
    outpoint: formatOutpoint(coin.outpoint),
    expected,
    actual,
  });

const checkUint32 = (value: number, what: string): number => {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  throw psbtError('PSBT_FIELD_INVALID', `${what} is ${value}.`, {
    expected: '0…4294967295',
    actual: String(value),
  });
};
