import { decodeAddress, type PolicyScripts } from '@qoima/policy';
import { excerpt, isQoimaError, parseBtc, type Sats, withPlace } from '@qoima/primitives';
import { coordinatorError } from './errors.ts';

/** Money to an address. */
export interface Payment {
  readonly address: string;
  readonly scriptPubKey: Uint8Array;
  readonly amount: Sats;
}

/**
 * Reads `ADDRESS=AMOUNT`, the amount in BTC.
 * @throws `COORDINATOR_PAYMENT_INVALID`, `POLICY_ADDRESS_…`
 */
export const parsePayment = (text: string, scripts: PolicyScripts): Payment => {
  const at = text.lastIndexOf('=');
  if (at < 1) {
    throw coordinatorError('COORDINATOR_PAYMENT_INVALID', `Not a payment: ${excerpt(text, 100)}.`);
  }
  const address = text.slice(0, at);
  const amount = readAmount(text.slice(at + 1), address);
  return { address, scriptPubKey: readAddress(address, scripts), amount };
};

const readAmount = (text: string, address: string): Sats => {
  try {
    return parseBtc(text);
  } catch (error) {
    if (!isQoimaError(error)) throw error;
    const expected =
      error.code === 'AMOUNT_OUT_OF_RANGE'
        ? 'at most 21 million BTC'
        : 'BTC in plain digits, with a point before at most eight decimals and nothing between thousands';
    throw coordinatorError(
      'COORDINATOR_PAYMENT_INVALID',
      `The amount for ${excerpt(address, 100)} is ${excerpt(text)}; expected is ${expected}.`,
      { expected, actual: text.slice(0, 100) },
      error,
    );
  }
};

/** One command may have many payments, so the error names this one's address. */
const readAddress = (address: string, { policy }: PolicyScripts): Uint8Array =>
  withPlace(`--pay ${excerpt(address, 100)}`, () => decodeAddress(address, policy.network));
