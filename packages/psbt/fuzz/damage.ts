import { concatBytes, parseHex } from '@qoima/primitives';
import fc from 'fast-check';
import {
  compactSize,
  joinPsbt,
  type RawMap,
  type RawPsbt,
  type RawRecord,
  splitPsbt,
} from './raw-psbt.ts';

/** One thing done to a PSBT that somebody else might do: by mistake, on purpose, or a failing disk. */
type Damage = (psbt: RawPsbt, other: RawPsbt) => RawPsbt;

/** Compact sizes that lie: not the shortest form, far too much, all there is. */
const lies: readonly Uint8Array[] = [
  '00',
  '01',
  'fc',
  'fd0000',
  'fdfc00',
  'fdffff',
  'fe00000000',
  'feffff0000',
  'feffffffff',
  'ff0000000000000000',
  'ff0000000001000000',
  'ffffffffffffff1f00',
  'ffffffffffffffffff',
].map(parseHex);

/** Numbers at the borders of what four and eight bytes, amounts and lock times can hold. */
const borders: readonly Uint8Array[] = [
  '00000000',
  '01000000',
  'ffffff7f',
  '00000080',
  'ffffffff',
  'ff64cd1d',
  '0065cd1d',
  '0040075af0750700',
  '0140075af0750700',
  'ffffffffffffff7f',
  'ffffffffffffffff',
  '0000000000000000',
].map(parseHex);

const number = fc.nat(0x7fffffff);
const someBytes = fc.uint8Array({ maxLength: 80 });

const at = <Item>(items: readonly Item[], place: number): Item | undefined =>
  items[items.length === 0 ? 0 : place % items.length];

const inMap =
  (map: number, edit: (records: RawMap) => RawMap): Damage =>
  (psbt) => ({
    ...psbt,
    maps: psbt.maps.map((records, i) => (i === map % psbt.maps.length ? edit(records) : records)),
  });

const inRecord = (map: number, place: number, edit: (record: RawRecord) => RawRecord): Damage =>
  inMap(map, (records) =>
    records.map((record, i) => (i === place % records.length ? edit(record) : record)),
  );

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  if (copy.length === 0) return copy;
  const place = Math.floor(bit / 8) % copy.length;
  copy[place] = (copy[place] as number) ^ (1 << (bit % 8));
  return copy;
};

const overwritten = (bytes: Uint8Array, place: number, piece: Uint8Array): Uint8Array => {
  const copy = bytes.slice();
  const start = place % (copy.length + 1);
  copy.set(piece.subarray(0, copy.length - start), start);
  return copy;
};

const swapped = <Item>(items: readonly Item[], a: number, b: number): readonly Item[] => {
  const [one, two] = [a % items.length, b % items.length];
  return items.map((item, i) => items[i === one ? two : i === two ? one : i] ?? item);
};

/** How to damage the records, each a row of its own so that fast-check can drop what is not needed. */
const recordDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc
    .tuple(number, number, number)
    .map(([map, place, bit]) =>
      inRecord(map, place, (record) => ({ ...record, value: flipped(record.value, bit) })),
    ),
  fc
    .tuple(number, number, number)
    .map(([map, place, bit]) =>
      inRecord(map, place, (record) => ({ ...record, key: flipped(record.key, bit) })),
    ),
  fc
    .tuple(number, number, number, fc.constantFrom(...borders, ...lies))
    .map(([map, place, start, piece]) =>
      inRecord(map, place, (record) => ({
        ...record,
        value: overwritten(record.value, start, piece),
      })),
    ),
  fc
    .tuple(number, number, fc.constantFrom(...lies), fc.boolean())
    .map(([map, place, lie, ofKey]) =>
      inRecord(map, place, (record) => ({ ...record, [ofKey ? 'keyLength' : 'valueLength']: lie })),
    ),
  fc
    .tuple(number, number, fc.integer({ min: -40, max: 40 }), fc.boolean())
    .map(([map, place, by, ofKey]) =>
      inRecord(map, place, (record) => ({
        ...record,
        ...(ofKey
          ? { keyLength: compactSize(Math.max(0, record.key.length + by)) }
          : { valueLength: compactSize(Math.max(0, record.value.length + by)) }),
      })),
    ),
  fc
    .tuple(number, number, number, fc.boolean())
    .map(([map, place, length, ofKey]) =>
      inRecord(map, place, (record) =>
        ofKey
          ? { ...record, key: record.key.slice(0, length % (record.key.length + 1)) }
          : { ...record, value: record.value.slice(0, length % (record.value.length + 1)) },
      ),
    ),
  fc
    .tuple(number, number, someBytes)
    .map(([map, place, more]) =>
      inRecord(map, place, (record) => ({ ...record, value: concatBytes(record.value, more) })),
    ),
  fc.tuple(number, number, fc.nat(0x20)).map(([map, place, type]) =>
    inRecord(map, place, (record) => ({
      ...record,
      key: concatBytes(Uint8Array.of(type), record.key.subarray(1)),
    })),
  ),
  fc
    .tuple(number, fc.nat(0xff), someBytes, someBytes)
    .map(([map, type, key, value]) =>
      inMap(map, (records) => [...records, { key: concatBytes(Uint8Array.of(type), key), value }]),
    ),
  fc
    .tuple(number, number)
    .map(([map, place]) =>
      inMap(map, (records) => records.filter((_, i) => i !== place % records.length)),
    ),
  fc
    .tuple(number, number)
    .map(([map, place]) =>
      inMap(map, (records) =>
        records.flatMap((r, i) => (i === place % records.length ? [r, r] : [r])),
      ),
    ),
  fc
    .tuple(number, number, number)
    .map(([map, a, b]) => inMap(map, (records) => swapped(records, a, b))),
);

/** How to damage what the records stand in. */
const mapDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(number, number).map(
    ([a, b]): Damage =>
      (psbt) => ({ ...psbt, maps: swapped(psbt.maps, a, b) }),
  ),
  number.map(
    (map): Damage =>
      (psbt) => ({ ...psbt, maps: psbt.maps.filter((_, i) => i !== map % psbt.maps.length) }),
  ),
  number.map(
    (map): Damage =>
      (psbt) => ({
        ...psbt,
        maps: psbt.maps.flatMap((records, i) =>
          i === map % psbt.maps.length ? [records, records] : [records],
        ),
      }),
  ),
  // A record, or a whole map, of another PSBT.
  fc.tuple(number, number, number, fc.boolean()).map(
    ([map, from, place, whole]): Damage =>
      (psbt, other) => {
        const records = at(other.maps, from) ?? [];
        const record = at(records, place);
        const taken = whole ? records : record === undefined ? [] : [record];
        return inMap(map, (own) => (whole ? taken : [...own, ...taken]))(psbt, other);
      },
  ),
  // The beginning of one and the end of the other.
  fc.tuple(number, number).map(
    ([here, there]): Damage =>
      (psbt, other) => ({
        maps: [
          ...psbt.maps.slice(0, here % (psbt.maps.length + 1)),
          ...other.maps.slice(there % (other.maps.length + 1)),
        ],
        tail: psbt.tail,
      }),
  ),
  someBytes.map(
    (tail): Damage =>
      (psbt) => ({ ...psbt, tail }),
  ),
);

/** Damage to the file: a byte, its end. */
const fileDamage: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.constant((bytes: Uint8Array) => bytes) },
  number.map((bit) => (bytes: Uint8Array) => flipped(bytes, bit)),
  number.map((length) => (bytes: Uint8Array) => bytes.slice(0, length % (bytes.length + 1))),
);

/** A PSBT of the corpus with one to four things done to it, most of which still have its form. */
export const damagedPsbt = (corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> => {
  const pieces = corpus.map(splitPsbt);
  return fc
    .tuple(
      fc.nat(pieces.length - 1),
      fc.nat(pieces.length - 1),
      fc.array(fc.oneof({ weight: 3, arbitrary: recordDamage }, mapDamage), {
        minLength: 0,
        maxLength: 4,
      }),
      fileDamage,
    )
    .map(([one, two, damages, last]) => {
      const [start, other] = [pieces[one] as RawPsbt, pieces[two] as RawPsbt];
      return last(joinPsbt(damages.reduce((psbt, damage) => damage(psbt, other), start)));
    });
};
