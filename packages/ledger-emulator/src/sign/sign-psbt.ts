import { Refusal } from '../app-error.ts';
import type { Device } from '../device.ts';
import { type Dialogue, show } from '../dialogue.ts';
import { inspectInputs } from './inputs.ts';
import { inspectOutputs } from './outputs.ts';
import { findOwnKeys } from './own-keys.ts';
import { readSpend } from './request.ts';
import { reviewTransaction } from './review-transaction.ts';
import { signTransaction } from './sign-transaction.ts';

/** SIGN_PSBT: looks at inputs and outputs, has the person review them, and yields the signatures. */
export function* signPsbt(
  device: Device,
  data: Uint8Array,
  protocolVersion: number,
): Dialogue<Uint8Array> {
  const spend = yield* readSpend(device, data, protocolVersion);
  const ownKeys = yield* findOwnKeys(device, spend.source);
  const inputs = yield* inspectInputs(spend, ownKeys);
  const outputs = yield* inspectOutputs(spend, inputs);
  const reviewed = yield* reviewTransaction(spend, inputs, outputs);
  try {
    yield* signTransaction(reviewed);
  } catch (error) {
    if (error instanceof Refusal) yield* show(device.screens.signed('Transaction', false));
    throw error;
  }
  yield* show(device.screens.signed('Transaction', true));
  return new Uint8Array();
}
