import {
  byteReader,
  byteWriter,
  readBytes,
  readCompactSize,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writtenBytes,
} from '@qoima/primitives';

/**
 * A PSBT in pieces that need not fit together: it can be written with lengths that are not those of
 * what follows, which no typed PSBT can hold.
 */
export interface RawPsbt {
  readonly maps: readonly RawMap[];
  /** What follows the last map. */
  readonly tail: Uint8Array;
}

export type RawMap = readonly RawRecord[];

export interface RawRecord {
  /** Type and key data. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The bytes written in the place of the key's or the value's length. */
  readonly keyLength?: Uint8Array;
  readonly valueLength?: Uint8Array;
}

const MAGIC_LENGTH = 5;

/** Takes bytes apart as far as they have the form of maps; the rest is the tail. */
export const splitPsbt = (bytes: Uint8Array): RawPsbt => {
  const reader = byteReader(bytes);
  reader.offset = Math.min(MAGIC_LENGTH, bytes.length);
  const maps: RawMap[] = [];
  let start = reader.offset;
  try {
    while (reader.offset < bytes.length) {
      start = reader.offset;
      const map: RawRecord[] = [];
      for (let length = readCompactSize(reader); length > 0; length = readCompactSize(reader)) {
        const key = readBytes(reader, length);
        map.push({ key, value: readBytes(reader, readCompactSize(reader)) });
      }
      maps.push(map);
      start = reader.offset;
    }
  } catch {
    // Vectors of what is invalid end anywhere.
  }
  return { maps, tail: bytes.subarray(start) };
};

export const joinPsbt = ({ maps, tail }: RawPsbt): Uint8Array => {
  const writer = byteWriter(4096);
  writeBytes(writer, Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff));
  for (const map of maps) {
    for (const { key, value, keyLength, valueLength } of map) {
      writeBytes(writer, keyLength ?? compactSize(key.length));
      writeBytes(writer, key);
      writeBytes(writer, valueLength ?? compactSize(value.length));
      writeBytes(writer, value);
    }
    writeUint8(writer, 0);
  }
  writeBytes(writer, tail);
  return writtenBytes(writer);
};

export const compactSize = (value: number): Uint8Array => {
  const writer = byteWriter(9);
  writeCompactSize(writer, value);
  return writtenBytes(writer);
};
