import type { Sats } from './amount.ts';
import { excerpt } from './bytes.ts';
import { primitivesError } from './errors.ts';

/** Satoshis per 1000 virtual bytes: `12.5 sat/vB` is `12500n`. */
export type FeeRate = bigint;

/**
 * Reads satoshis per vbyte with at most three decimals, above zero and below one million.
 * @throws `FEE_RATE_INVALID`
 */
export const parseFeeRate = (text: string): FeeRate => {
  const match = /^(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,3}))?$/.exec(text);
  const rate =
    match === null
      ? 0n
      : BigInt(match[1] as string) * 1000n + BigInt((match[2] ?? '').padEnd(3, '0'));
  if (rate === 0n) throw primitivesError('FEE_RATE_INVALID', `Not a fee rate: ${excerpt(text)}.`);
  return rate;
};

/** Satoshis per vbyte, without trailing zeros and without a unit: `12.5`. */
export const formatFeeRate = (rate: FeeRate): string => {
  const decimals = (rate % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${rate / 1000n}${decimals === '' ? '' : `.${decimals}`}`;
};

/** The fee for a size in vbytes, rounded up so that the rate is reached. */
export const feeForVsize = (rate: FeeRate, vsize: number): Sats =>
  (rate * BigInt(vsize) + 999n) / 1000n;

/** The rate that a fee pays over a size in vbytes, rounded down. */
export const feeRateOf = (fee: Sats, vsize: number): FeeRate => (fee * 1000n) / BigInt(vsize);
