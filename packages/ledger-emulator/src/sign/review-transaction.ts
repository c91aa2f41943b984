import { formatUtf8 } from '@qoima/primitives';
import type { UnsignedTransaction } from '@qoima/psbt';
import { approval, type Dialogue, orRefuse } from '../dialogue.ts';
import type { Warning } from '../screens.ts';
import { shownOutput } from './destination.ts';
import type { InputsSeen } from './inputs.ts';
import { type OutputRead, type OutputsSeen, type Payment, readOutputAt } from './outputs.ts';
import type { Spend } from './request.ts';
import { readTransaction } from './transaction.ts';

/**
 * A transaction whose review the person has gone through and approved. Only `reviewTransaction` makes one,
 * and `signTransaction` takes nothing else.
 */
export interface ReviewedTransaction {
  readonly [reviewed]: true;
  readonly spend: Spend;
  readonly inputs: InputsSeen;
  /** What is signed, of the same commitments as what was shown. */
  readonly transaction: UnsignedTransaction;
}

const reviewed: unique symbol = Symbol('reviewed');

/** Payments that one review holds, and of which the app keeps amount and script. */
const MAX_IN_ONE_REVIEW = 16;
const KEPT_BY_2_3 = 2;

/** Below this much, fees are not compared with the amount. */
const FEE_FLOOR = 100_000n;

/** Shows warnings, payments and the fee. @throws `Refusal` unless all of it is approved */
export function* reviewTransaction(
  spend: Spend,
  inputs: InputsSeen,
  outputs: OutputsSeen,
): Dialogue<ReviewedTransaction> {
  const highFee = 10n * outputs.fee >= inputs.total && inputs.total > FEE_FLOOR;
  let transaction: UnsignedTransaction;
  if (spend.device.app.version === '2.3.0') {
    yield* reviewInParts(spend, inputs, outputs, highFee);
    transaction = yield* readTransaction(spend);
  } else {
    transaction = yield* readTransaction(spend);
    yield* warn(spend, inputs, ['sighash', 'externalInputs', 'unverifiedInputs']);
    yield* outputs.payments.length <= MAX_IN_ONE_REVIEW
      ? reviewAtOnce(spend, outputs, highFee)
      : reviewAsStream(spend, outputs, highFee);
  }
  return { [reviewed]: true, spend, inputs, transaction };
}

function* reviewAtOnce(spend: Spend, outputs: OutputsSeen, highFee: boolean): Dialogue<void> {
  const { screens } = spend.device;
  const shown = outputs.payments.map((payment) => shownOutput(spend, payment));
  const transaction = { name: nameOf(spend), outputs: shown, fee: outputs.fee, highFee };
  yield* approval(screens.transaction(transaction));
}

function* reviewAsStream(spend: Spend, outputs: OutputsSeen, highFee: boolean): Dialogue<void> {
  const { screens } = spend.device;
  yield* approval(screens.streamStart(nameOf(spend)));
  yield* reviewPayments(spend, outputs.payments, MAX_IN_ONE_REVIEW);
  for (const review of screens.streamEnd(outputs.fee, highFee, false)) yield* approval(review);
}

/** The way of 2.3: the account first, then the warnings, and one decision for each payment. */
function* reviewInParts(
  spend: Spend,
  inputs: InputsSeen,
  { payments, fee }: OutputsSeen,
  highFee: boolean,
): Dialogue<void> {
  const { screens } = spend.device;
  const name = nameOf(spend);
  const isSelfTransfer = payments.length === 0;
  if (!isSelfTransfer && name !== undefined) yield* approval(screens.streamStart(name));
  yield* warn(spend, inputs, ['externalInputs', 'unverifiedInputs', 'sighash']);
  yield* reviewPayments(spend, payments, KEPT_BY_2_3);
  for (const review of screens.streamEnd(fee, highFee, isSelfTransfer)) yield* approval(review);
}

function* warn(
  { device }: Spend,
  { warnings }: InputsSeen,
  order: readonly Warning[],
): Dialogue<void> {
  for (const kind of order) {
    if (warnings.has(kind)) yield* approval(device.screens.warning(kind));
  }
}

/** Those that the app has not kept are read again. */
function* reviewPayments(spend: Spend, payments: readonly Payment[], kept: number): Dialogue<void> {
  for (const [i, payment] of payments.entries()) {
    const output: OutputRead =
      i < kept ? payment : yield* orRefuse(readOutputAt(spend, payment.index));
    const shown = shownOutput(spend, output);
    yield* approval(spend.device.screens.streamOutput(shown, i + 1, payments.length));
  }
}

const nameOf = ({ name }: Spend): string | undefined =>
  name === undefined ? undefined : formatUtf8(name);
