import type { ErrorDetails, QoimaError } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { type PsbtMap, recordLength } from './record.ts';

/** Which map, and at which byte it begins. */
export interface Place {
  readonly kind: 'global' | 'input' | 'output';
  readonly index: number;
  readonly start: number;
}

export const nameOf = ({ kind, index }: Pick<Place, 'kind' | 'index'>): string =>
  kind === 'global' ? kind : `${kind} ${index}`;

/** The byte at which a record begins; only errors ask, so nobody keeps it. */
export const offsetOf = (map: PsbtMap, index: number, place: Place): number => {
  let offset = place.start;
  for (const record of map.slice(0, index)) offset += recordLength(record);
  return offset;
};

/** Where it is, for `details`. */
export const at = (place: Place, offset: number): { map: string; offset: number } => ({
  map: nameOf(place),
  offset,
});

/** Where it is, for people. */
export const spot = (place: Place, offset: number): string => `${nameOf(place)} (byte ${offset})`;

/** `what` is a sentence without its full stop. */
export const misfit = (
  place: Place,
  offset: number,
  what: string,
  details?: ErrorDetails,
): QoimaError =>
  psbtError('PSBT_FIELD_INVALID', `${what}: ${spot(place, offset)}.`, {
    ...at(place, offset),
    ...details,
  });

export const amountError = (name: string, place: Place, offset: number): QoimaError =>
  psbtError(
    'PSBT_AMOUNT_OUT_OF_RANGE',
    `An amount in ${name} is out of range: ${spot(place, offset)}.`,
    { ...at(place, offset), field: name },
  );
