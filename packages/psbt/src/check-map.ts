import { formatHex, isQoimaError, type QoimaError } from '@qoima/primitives';
import { psbtError } from './errors.ts';
import { type Field, GLOBAL, INPUT, OUTPUT } from './fields.ts';
import { amountError, at, misfit, nameOf, offsetOf, type Place, spot } from './map-place.ts';
import { compareKeys, type PsbtMap, type PsbtRecord, type PsbtVersion } from './record.ts';

type AnyField = Field<unknown, unknown>;

/** The rows of a table by type, and those that each version requires. */
const rowsOf = (
  table: Readonly<Record<string, unknown>>,
): { byType: readonly (AnyField | undefined)[]; required: Record<PsbtVersion, AnyField[]> } => {
  const fields = Object.values(table) as AnyField[];
  const byType: (AnyField | undefined)[] = [];
  for (const field of fields) byType[field.type] = field;
  const requiredIn = (version: PsbtVersion): AnyField[] =>
    fields.filter((field) => field.required.includes(version));
  return { byType, required: { 0: requiredIn(0), 2: requiredIn(2) } };
};

const tables = { global: rowsOf(GLOBAL), input: rowsOf(INPUT), output: rowsOf(OUTPUT) };

/**
 * Holds a map against its table: no key twice, every known field in its shape and allowed in this
 * version, every required one there. Types without a row pass.
 */
export const checkMap = (map: PsbtMap, version: PsbtVersion, place: Place): void => {
  refuseDuplicateKeys(map, place);
  const { byType, required } = tables[place.kind];
  for (let i = 0; i < map.length; i++) {
    const record = map[i] as PsbtRecord;
    const field = byType[record.type];
    if (field === undefined) continue;
    if (!field.allowed.includes(version)) throw forbidden(field, version, map, i, place);
    if (!field.key.fits(record.keyData) || !field.value.fits(record.value)) {
      throw unfit(field, map, i, place);
    }
    const doubt = field.doubt?.(record.keyData, record.value);
    if (doubt !== undefined) {
      throw misfit(place, offsetOf(map, i, place), `${field.name}: ${doubt}`, {
        field: field.name,
      });
    }
  }
  for (const field of required[version]) {
    if (map.some((record) => record.type === field.type)) continue;
    throw psbtError(
      'PSBT_FIELD_MISSING',
      `${field.name} is missing in ${spot(place, place.start)} of a PSBT version ${version}.`,
      { ...at(place, place.start), field: field.name, version },
    );
  }
};

const forbidden = (
  field: AnyField,
  version: PsbtVersion,
  map: PsbtMap,
  index: number,
  place: Place,
): QoimaError => {
  const offset = offsetOf(map, index, place);
  return psbtError(
    'PSBT_FIELD_FORBIDDEN',
    `${field.name} is not allowed in a PSBT version ${version}: ${spot(place, offset)}.`,
    { ...at(place, offset), field: field.name, expected: [...field.allowed], actual: version },
  );
};

/** Of these the amount may be what does not fit. Any other value is not worth decoding to say so. */
const withAmount: readonly unknown[] = [INPUT.witnessUtxo, OUTPUT.amount];

/** Says what is wrong with a record that does not fit; an amount gets the code of its own. */
export const unfit = (field: AnyField, map: PsbtMap, index: number, place: Place): QoimaError => {
  const offset = offsetOf(map, index, place);
  const { keyData, value } = map[index] as PsbtRecord;
  const inKey = !field.key.fits(keyData);
  const { shape } = inKey ? field.key : field.value;
  const found = inKey ? keyData : value;
  if (!inKey && withAmount.includes(field)) {
    try {
      field.value.decode(value);
    } catch (error) {
      // Whatever else it says, the shape says it too.
      if (isQoimaError(error, 'PSBT_AMOUNT_OUT_OF_RANGE')) {
        return amountError(field.name, place, offset);
      }
    }
  }
  return misfit(
    place,
    offset,
    `The ${inKey ? 'key' : 'value'} of ${field.name} has ${found.length} bytes and must be ${shape}`,
    { field: field.name, part: inKey ? 'key' : 'value', expected: shape, actual: found.length },
  );
};

const refuseDuplicateKeys = (map: PsbtMap, place: Place): void => {
  const again = repeatedKey(map);
  if (again === undefined) return;
  const offset = offsetOf(map, again, place);
  const record = map[again] as PsbtRecord;
  const type = `0x${record.type.toString(16).padStart(2, '0')}`;
  throw psbtError(
    'PSBT_DUPLICATE_KEY',
    `A key of type ${type} stands twice in ${nameOf(place)}, again at byte ${offset}.`,
    { ...at(place, offset), type, keyData: formatHex(record.keyData.subarray(0, 100)) },
  );
};

/** Below this, comparing each with each is cheaper than sorting. */
const smallMap = 32;

/** Maps that Qoima writes are in order, and then neighbours tell; few others are large. */
const repeatedKey = (map: PsbtMap): number | undefined => {
  let next = 1;
  while (next < map.length && compareAt(map, next - 1, next) < 0) next++;
  if (next >= map.length) return undefined;
  if (map.length > smallMap) {
    const order = Array.from(map.keys()).sort((a, b) => compareAt(map, a, b));
    return order.find((b, i) => i > 0 && compareAt(map, order[i - 1] as number, b) === 0);
  }
  for (let i = next; i < map.length; i++) {
    for (let j = 0; j < i; j++) if (compareAt(map, i, j) === 0) return i;
  }
  return undefined;
};

const compareAt = (map: PsbtMap, a: number, b: number): number =>
  compareKeys(map[a] as PsbtRecord, map[b] as PsbtRecord);
