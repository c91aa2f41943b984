import { compactSizeLength, compareBytes } from '@qoima/primitives';
import type { UnsignedTransaction } from './transaction.ts';

/**
 * The PSBT as BIP-174 lays it out: maps of raw records. Nothing is interpreted away, so what is
 * decoded and encoded again is the same bytes, unknown and proprietary records included. Typed
 * access goes through the tables of `fields.ts`.
 */

export type PsbtVersion = 0 | 2;

/** One key-value pair. Its key on the wire is `type` as a compact size and then `keyData`. */
export interface PsbtRecord {
  readonly type: number;
  readonly keyData: Uint8Array;
  readonly value: Uint8Array;
}

/** One map, in the order of the file. No two records share type and key data. */
export type PsbtMap = readonly PsbtRecord[];

/** A whole PSBT of either version, with its transaction in one form. */
export interface Psbt {
  readonly version: PsbtVersion;
  readonly global: PsbtMap;
  /** One map per input of `transaction`, in its order. */
  readonly inputs: readonly PsbtMap[];
  /** One map per output of `transaction`, in its order. */
  readonly outputs: readonly PsbtMap[];
  /**
   * What signatures commit to, the same for either version: from the unsigned transaction of version
   * 0, from the fields of version 2. Derived from the records; never change one without the other.
   */
  readonly transaction: UnsignedTransaction;
}

/** How many bytes a record takes on the wire. */
export const recordLength = ({ type, keyData, value }: PsbtRecord): number => {
  const key = compactSizeLength(type) + keyData.length;
  return compactSizeLength(key) + key + compactSizeLength(value.length) + value.length;
};

/** Order by type, then by key data: the order that Qoima writes. */
export const compareKeys = (a: PsbtRecord, b: PsbtRecord): number =>
  a.type === b.type ? compareBytes(a.keyData, b.keyData) : a.type - b.type;

/** A map in Qoima's order. The records must differ in their keys. */
export const sortedMap = (records: Iterable<PsbtRecord>): PsbtMap => [...records].sort(compareKeys);

/**
 * The map with these records in it: each takes the place of one with the same key, or is put before
 * the first with a greater key, so that a sorted map stays sorted and no other record moves.
 */
export const withRecords = (map: PsbtMap, records: readonly PsbtRecord[]): PsbtMap => {
  const result = [...map];
  for (const record of records) {
    let place = result.length;
    let replaced = 0;
    for (let i = 0; i < result.length && replaced === 0; i++) {
      const order = compareKeys(result[i] as PsbtRecord, record);
      if (order === 0) replaced = 1;
      if (order === 0 || (order > 0 && place === result.length)) place = i;
    }
    result.splice(place, replaced, record);
  }
  return result;
};

/** The map without the records of these types. */
export const withoutTypes = (map: PsbtMap, types: ReadonlySet<number>): PsbtMap =>
  map.filter((record) => !types.has(record.type));
