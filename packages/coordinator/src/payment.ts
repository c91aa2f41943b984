import { decodeAddress, type PolicyScripts } from '@qoima/policy';
import { excerpt, parseBtc, type Sats } from '@qoima/primitives';
import { coordinatorError } from './errors.ts';

/** Money to an address. */
export interface Payment {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  readonly amount: Sats;
}

/**
 * Reads `ADDRESS=AMOUNT`, the amount in BTC.
 * @throws `COORDINATOR_PAYMENT_INVALID`, `AMOUNT_…`, `POLICY_ADDRESS_…`
 */
export const parsePayment = (text: string, scripts: PolicyScripts): Payment => {
  const at = text.lastIndexOf('=');
  if (at < 1) {
    throw coordinatorError('COORDINATOR_PAYMENT_INVALID', `Not a payment: ${excerpt(text, 100)}.`);
  }
  const address = text.slice(0, at);
  return {
    address,
    scriptPubKey: decodeAddress(address, scripts.policy.network),
    amount: parseBtc(text.slice(at + 1)),
  };
};
