import { formatBtc, type Sats } from '@qoima/primitives';

/** Bitcoin with its decimals in groups that line up with the satoshis: `1 234.00 012 345`. */
export const groupBtc = (sats: Sats): string => {
  const [whole, decimals] = formatBtc(sats).split('.') as [string, string];
  return `${groupDigits(whole)}.${decimals.slice(0, 2)} ${groupDigits(decimals.slice(2))}`;
};

/** Satoshis in groups of three: `123 400 012 345`. */
export const groupSats = (sats: Sats): string => groupDigits(sats.toString());

/** An amount both ways: `0.00 012 345 BTC (12 345 sat)`. */
export const showAmount = (sats: Sats): string => `${groupBtc(sats)} BTC (${groupSats(sats)} sat)`;

const groupDigits = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ' ');
