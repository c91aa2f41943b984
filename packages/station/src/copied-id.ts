import { stationError } from './errors.ts';

/** An id or digest as a person copies it from a sheet: in groups, and perhaps in capitals. */
const copiedId = (text: string): string => text.replaceAll(/\s+/g, '').toLowerCase();

/**
 * Whether a whole id was accepted beforehand. Without one a person is asked.
 * @throws `STATION_ID_MISMATCH` if another one was
 */
export const isAccepted = (accepted: string | undefined, id: string, what: string): boolean => {
  if (accepted === undefined) return false;
  const copied = copiedId(accepted);
  if (copied === id) return true;
  const length =
    copied.length === id.length ? '' : ` What was accepted has ${copied.length} digits.`;
  throw stationError('STATION_ID_MISMATCH', `${what}${length}`, {
    expected: copied.slice(0, 100),
    actual: id,
  });
};
