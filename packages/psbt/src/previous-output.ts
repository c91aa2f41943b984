import { equalBytes, formatTxid } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import type { TransactionOutput, UnsignedInput } from './transaction.ts';
import {
  outputCount,
  type TransactionLayout,
  transactionHash,
  transactionLayout,
  transactionOutput,
  transactionOutputs,
} from './transaction-layout.ts';

/**
 * Previous transactions that were proven, so that each is hashed and read once, however many of its
 * outputs are spent. Make one for each PSBT.
 */
export type PreviousTransactions = Map<number, PreviousTransaction>;

interface PreviousTransaction {
  /** What the bytes hash to. */
  readonly txid: Uint8Array;
  readonly bytes: Uint8Array;
  readonly layout: TransactionLayout;
  /** Read when a second one is asked for. */
  outputs?: readonly TransactionOutput[];
}

/**
 * Looks an outpoint up in the bytes of its transaction, which must hash to it. `where` names the input
 * in errors.
 * @throws `PSBT_PREVIOUS_TX_WRONG`, `PSBT_TRANSACTION_INVALID`, `PSBT_AMOUNT_OUT_OF_RANGE`
 */
export const previousOutput = (
  known: PreviousTransactions,
  { txid, vout }: UnsignedInput,
  bytes: Uint8Array,
  where: string,
): TransactionOutput => {
  const mark = markOf(txid);
  const again = known.get(mark);
  let output: TransactionOutput | undefined;
  if (again !== undefined && isSame(again, txid, bytes)) {
    again.outputs ??= transactionOutputs(again.bytes, again.layout);
    output = again.outputs[vout];
  } else {
    const layout = provenLayout(txid, bytes, where);
    known.set(mark, { txid, bytes, layout });
    output = transactionOutput(bytes, vout, layout);
  }
  if (output !== undefined) return output;
  throw psbtError(
    'PSBT_PREVIOUS_TX_WRONG',
    `${where}: the previous transaction has no output ${vout}.`,
    { map: where.toLowerCase(), expected: `0…${outputCount(bytes) - 1}`, actual: vout },
  );
};

/** 32 bits of the hash find a transaction again without a text being made; all of it is compared then. */
const markOf = ([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number =>
  (a << 24) | (b << 16) | (c << 8) | d;

const isSame = (known: PreviousTransaction, txid: Uint8Array, bytes: Uint8Array): boolean =>
  equalBytes(known.txid, txid) && equalBytes(known.bytes, bytes);

const provenLayout = (txid: Uint8Array, bytes: Uint8Array, where: string): TransactionLayout => {
  const layout = transactionLayout(bytes);
  const hash = transactionHash(bytes, layout);
  if (equalBytes(hash, txid)) return layout;
  throw psbtError(
    'PSBT_PREVIOUS_TX_WRONG',
    `${where}: the previous transaction is not the one that is spent.`,
    { map: where.toLowerCase(), expected: formatTxid(txid), actual: formatTxid(hash) },
  );
};
