import { decodeAddress, type PolicyScripts } from '@qoima/policy';
import { isQoimaError, parseBtc, type Sats, withPlace } from '@qoima/primitives';
import { coordinatorError } from './errors.ts';

/** Money to an address. */
export interface Payment {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  readonly amount: Sats;
}

/**
 * Reads `ADDRESS=AMOUNT`, the amount in BTC. `place` names it in errors: one command may have many. Its text
 * stands in none of them, because what was pasted there may be a private key.
 * @throws `COORDINATOR_PAYMENT_INVALID`, `POLICY_ADDRESS_…`
 */
export const parsePayment = (text: string, { policy }: PolicyScripts, place = '--pay'): Payment => {
  const at = text.lastIndexOf('=');
  if (at < 1) {
    throw coordinatorError(
      'COORDINATOR_PAYMENT_INVALID',
      `${place} is no payment: ${lengthOf(text)}, without an address before "=".`,
    );
  }
  const address = text.slice(0, at);
  const amount = readAmount(text.slice(at + 1), place);
  const scriptPubKey = withPlace(place, () => decodeAddress(address, policy.network));
  return { address, scriptPubKey, amount };
};

const readAmount = (text: string, place: string): Sats => {
  try {
    return parseBtc(text);
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    const expected =
      error.code === 'AMOUNT_OUT_OF_RANGE'
        ? 'at most 21 million BTC'
        : 'BTC in plain digits, with a point before at most eight decimals and nothing between thousands';
    const actual = /^[0-9.,' +-]{1,40}$/.test(text) ? JSON.stringify(text) : lengthOf(text);
    // Without its cause, which quotes the text.
    throw coordinatorError(
      'COORDINATOR_PAYMENT_INVALID',
      `The amount of ${place} is ${actual}; expected is ${expected}.`,
      { expected, actual },
    );
  }
};

const lengthOf = (text: string): string => `a text of ${text.length} characters`;
