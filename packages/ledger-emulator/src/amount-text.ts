/** Bitcoin without trailing zeros and without grouping, as the app writes amounts: `0.001`, `21`. */
export const formatAmount = (sats: bigint): string => {
  const whole = sats / 100_000_000n;
  const fraction = (sats % 100_000_000n).toString().padStart(8, '0').replace(/0+$/, '');
  return fraction === '' ? whole.toString() : `${whole}.${fraction}`;
};
