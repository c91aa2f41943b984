import { equalBytes } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import type { UnsignedTransaction } from './transaction.ts';

/** True if two PSBTs of these transactions are of one spend: all that a signature with ALL commits to. */
export const isSameTransaction = (a: UnsignedTransaction, b: UnsignedTransaction): boolean =>
  a === b || differenceOf(a, b) === undefined;

/** @throws `PSBT_TRANSACTION_DIFFERS`, which names the first difference */
export const checkSameTransaction = (
  expected: UnsignedTransaction,
  actual: UnsignedTransaction,
  what: string,
): void => {
  const difference = expected === actual ? undefined : differenceOf(expected, actual);
  if (difference === undefined) return;
  throw psbtError(
    'PSBT_TRANSACTION_DIFFERS',
    `${what} is of another transaction: ${difference} is not the same.`,
    { difference },
  );
};

const differenceOf = (a: UnsignedTransaction, b: UnsignedTransaction): string | undefined => {
  if (a.version !== b.version) return 'the version';
  if (a.lockTime !== b.lockTime) return 'the lock time';
  if (a.inputs.length !== b.inputs.length) return 'the number of inputs';
  if (a.outputs.length !== b.outputs.length) return 'the number of outputs';
  for (const [i, input] of a.inputs.entries()) {
    const other = b.inputs[i];
    const same =
      input.vout === other?.vout &&
      input.sequence === other.sequence &&
      equalBytes(input.txid, other.txid);
    if (!same) return `input ${i}`;
  }
  for (const [i, output] of a.outputs.entries()) {
    const other = b.outputs[i];
    if (output.amount !== other?.amount || !equalBytes(output.script, other.script)) {
      return `output ${i}`;
    }
  }
  return undefined;
};
