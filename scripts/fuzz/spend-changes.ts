import { concatBytes, parseHex } from '@qoima/primitives';
import { GLOBAL, INPUT, OUTPUT, type Psbt, type PsbtMap, type PsbtRecord } from '@qoima/psbt';
import fc from 'fast-check';

/** One change to one field of a PSBT, or to the place of a record or map. */
export type SpendChange = (psbt: Psbt, other: Psbt) => Psbt;

type Kind = 'global' | 'input' | 'output';

const typesOf = (table: Readonly<Record<string, { readonly type: number }>>): readonly number[] =>
  Object.values(table).map(({ type }) => type);

const types: Readonly<Record<Kind, readonly number[]>> = {
  global: typesOf(GLOBAL),
  input: typesOf(INPUT),
  output: typesOf(OUTPUT),
};

const kinds: readonly Kind[] = ['global', 'input', 'output'];

const place = fc.nat(0x7fffffff);

const mapsOf = (psbt: Psbt, kind: Kind): readonly PsbtMap[] =>
  kind === 'global' ? [psbt.global] : psbt[`${kind}s`];

const withMaps = (psbt: Psbt, kind: Kind, maps: readonly PsbtMap[]): Psbt =>
  kind === 'global' ? { ...psbt, global: maps[0] ?? [] } : { ...psbt, [`${kind}s`]: maps };

/** Edits one map, of the three kinds equally often; `other` is a map of that kind from elsewhere. */
const inMap =
  (number: number, edit: (map: PsbtMap, other: PsbtMap, kind: Kind) => PsbtMap): SpendChange =>
  (psbt, from) => {
    const kind = kinds[number % 3] as Kind;
    const maps = mapsOf(psbt, kind);
    const others = mapsOf(from, kind);
    const at = Math.floor(number / 3) % maps.length;
    const other = others[Math.floor(number / 97) % others.length] ?? [];
    return withMaps(
      psbt,
      kind,
      maps.map((map, i) => (i === at ? edit(map, other, kind) : map)),
    );
  };

const inRecord = (
  number: number,
  at: number,
  edit: (record: PsbtRecord, other: PsbtMap, kind: Kind) => PsbtRecord,
): SpendChange =>
  inMap(number, (map, other, kind) =>
    map.map((record, i) => (i === at % map.length ? edit(record, other, kind) : record)),
  );

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  if (copy.length === 0) return copy;
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] as number) ^ (1 << (bit % 8));
  return copy;
};

/** Values that say something in one field or another. */
const values = [
  '',
  '00',
  '01',
  '03',
  '01000000',
  '02000000',
  '03000000',
  '81000000',
  '82000000',
  '00000000',
  'ffffffff',
  'fdffffff',
  '0065cd1d',
  '40420f0000000000',
  '51',
  '6a',
].map(parseHex);

const typeOf = (kind: Kind, number: number): number =>
  types[kind][number % types[kind].length] as number;

/** Any single change, each kind of change equally often. */
export const spendChange: fc.Arbitrary<SpendChange> = fc.oneof(
  fc
    .tuple(place, place, place)
    .map(([map, at, bit]) =>
      inRecord(map, at, (record) => ({ ...record, value: flipped(record.value, bit) })),
    ),
  fc
    .tuple(place, place, place)
    .map(([map, at, bit]) =>
      inRecord(map, at, (record) => ({ ...record, keyData: flipped(record.keyData, bit) })),
    ),
  fc
    .tuple(place, place)
    .map(([map, at]) => inMap(map, (all) => all.filter((_, i) => i !== at % all.length))),
  fc
    .tuple(place, place, fc.constantFrom(...values))
    .map(([map, at, value]) => inRecord(map, at, (record) => ({ ...record, value }))),
  fc.tuple(place, place, place).map(([map, at, length]) =>
    inRecord(map, at, (record) => ({
      ...record,
      value: record.value.slice(0, length % (record.value.length + 1)),
    })),
  ),
  fc
    .tuple(place, place, fc.uint8Array({ minLength: 1, maxLength: 5 }))
    .map(([map, at, more]) =>
      inRecord(map, at, (record) => ({ ...record, value: concatBytes(record.value, more) })),
    ),
  // What another input, output or PSBT has in a field of this type.
  fc.tuple(place, place, place).map(([map, at, from]) =>
    inRecord(map, at, (record, other) => {
      const alike = other.filter(({ type }) => type === record.type);
      return { ...record, value: alike[from % Math.max(1, alike.length)]?.value ?? record.value };
    }),
  ),
  fc.tuple(place, place).map(([map, from]) =>
    inMap(map, (all, other) => {
      const one = other[from % Math.max(1, other.length)];
      return one === undefined ? all : [...all, one];
    }),
  ),
  // A field that the BIPs know, with or without key data, and one that they do not.
  fc
    .tuple(place, place, fc.uint8Array({ maxLength: 34 }), fc.constantFrom(...values))
    .map(([map, field, key, value]) =>
      inMap(map, (all, _, kind) => {
        const keyData = field % 2 === 0 ? new Uint8Array() : key;
        return [...all, { type: typeOf(kind, field), keyData, value }];
      }),
    ),
  fc
    .tuple(place, fc.constantFrom(0x30, 0xf0, 0x1234), fc.uint8Array({ maxLength: 5 }))
    .map(([map, type, keyData]) =>
      inMap(map, (all) => [...all, { type, keyData, value: keyData }]),
    ),
  fc
    .tuple(place, place, place)
    .map(([map, at, field]) =>
      inRecord(map, at, (record, _, kind) => ({ ...record, type: typeOf(kind, field) })),
    ),
  // Records in another order, maps for each other, a map of somebody else.
  place.map((map) => inMap(map, (all) => all.toReversed())),
  fc.constantFrom<'inputs' | 'outputs'>('inputs', 'outputs').map(
    (maps): SpendChange =>
      (psbt) => ({ ...psbt, [maps]: psbt[maps].toReversed() }),
  ),
  place.map((map) => inMap(map, (_, other) => other)),
);
