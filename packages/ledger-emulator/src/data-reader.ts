import {
  type ByteReader,
  byteReader,
  isQoimaError,
  readBytes,
  readUint8,
  readUint16,
  readUint32,
  readUint64,
} from '@qoima/primitives';

/**
 * Reads APDU data; bytes after what is read are passed over, as the app does. `fault` makes the error for
 * data that end too soon.
 */
export const readData = <T>(
  bytes: Uint8Array,
  fault: () => Error,
  read: (reader: ByteReader) => T,
): T => {
  try {
    return read(byteReader(bytes));
  } catch (error) {
    throw isQoimaError(error, 'BYTES_TRUNCATED') ? fault() : error;
  }
};

/**
 * A compact size of any form: the app does not ask for the shortest. Above 2⁵³ the number is inexact and
 * far beyond every limit it is compared with.
 */
export const readVarint = (reader: ByteReader): number => {
  const first = readUint8(reader);
  if (first < 0xfd) return first;
  if (first === 0xfd) return readUint16(reader);
  return first === 0xfe ? readUint32(reader) : Number(readUint64(reader));
};

/** Big-endian, as the app's own arguments are. */
export const readUint32Be = (reader: ByteReader): number => {
  const bytes = readBytes(reader, 4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
};

/** As many big-endian steps as `length` says. */
export const readPath = (reader: ByteReader, length: number): readonly number[] =>
  Array.from({ length }, () => readUint32Be(reader));
