import { formatBtc, MAX_SATS, type Sats } from '@qoima/primitives';

/** Groups of four are what an eye can compare and a voice can read. Not for copying. */
export const groupFours = (text: string): string => text.match(/.{1,4}/g)?.join(' ') ?? '';

/**
 * Bitcoin with its decimals in groups that line up with the satoshis: `1 234.00 012 345 BTC`. What
 * cannot be an amount is shown in satoshis; a finding blocks it.
 */
export const amountText = (sats: Sats | undefined): string => {
  if (sats === undefined) return 'not proven';
  const size = sats < 0n ? -sats : sats;
  const text = size > MAX_SATS ? `${groupDigits(`${size}`)} satoshis` : `${groupBtc(size)} BTC`;
  return sats < 0n ? `minus ${text}` : text;
};

const groupBtc = (sats: Sats): string => {
  const [whole, decimals] = formatBtc(sats).split('.') as [string, string];
  return `${groupDigits(whole)}.${decimals.slice(0, 2)} ${groupDigits(decimals.slice(2))}`;
};

const groupDigits = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ' ');
