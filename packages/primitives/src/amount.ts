import { excerpt } from './bytes.ts';
import { primitivesError } from './errors.ts';

/** An amount in satoshis, 0 … `MAX_SATS`. Money is never a `number` and never rounded. */
export type Sats = bigint;

/** 21 million bitcoin, the consensus bound of any amount (`MAX_MONEY`). */
export const MAX_SATS: Sats = 2_100_000_000_000_000n;

const SATS_PER_BTC = 100_000_000n;

/**
 * The value itself, if it may be an amount.
 * @throws `AMOUNT_OUT_OF_RANGE`
 */
export const checkSats = (value: bigint, what = 'The amount'): Sats => {
  if (value < 0n || value > MAX_SATS) {
    throw primitivesError('AMOUNT_OUT_OF_RANGE', `${what} is ${value} satoshis.`, {
      expected: `0…${MAX_SATS}`,
      actual: value.toString(),
    });
  }
  return value;
};

/**
 * Adds amounts; every partial sum must be an amount too.
 * @throws `AMOUNT_OUT_OF_RANGE`
 */
export const sumSats = (values: Iterable<Sats>, what = 'The sum'): Sats => {
  let sum = 0n;
  for (const value of values) sum = checkSats(sum + checkSats(value), what);
  return sum;
};

/**
 * Reads whole satoshis: decimal digits only.
 * @throws `AMOUNT_INVALID`, `AMOUNT_OUT_OF_RANGE`
 */
export const parseSats = (text: string): Sats => {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text)) {
    throw primitivesError('AMOUNT_INVALID', `Not a number of satoshis: ${excerpt(text)}.`);
  }
  return checkSats(BigInt(text));
};

/**
 * Reads bitcoin, `1` or `0.00012345`, exactly: a ninth decimal, a sign or an exponent is an error.
 * @throws `AMOUNT_INVALID`, `AMOUNT_OUT_OF_RANGE`
 */
export const parseBtc = (text: string): Sats => {
  const match = /^(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,8}))?$/.exec(text);
  if (match === null) {
    throw primitivesError(
      'AMOUNT_INVALID',
      `Not an amount in BTC with at most eight decimals: ${excerpt(text)}.`,
    );
  }
  return checkSats(
    BigInt(match[1] as string) * SATS_PER_BTC + BigInt((match[2] ?? '').padEnd(8, '0')),
  );
};

/** Bitcoin with all eight decimals, `0.00012345`, without a unit. */
export const formatBtc = (sats: Sats): string => {
  const digits = checkSats(sats).toString().padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
};
