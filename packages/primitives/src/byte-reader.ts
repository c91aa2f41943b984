import { primitivesError } from './errors.ts';

/** A place in a byte string; the read functions move `offset` on, and never past `bytes`. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
}

/** Reads from the first byte on; `bytes` are not copied. */
export const byteReader = (bytes: Uint8Array): ByteReader => ({ bytes, offset: 0 });

/** A view of the next `length` bytes, a plain one even of a `Buffer`. @throws `BYTES_TRUNCATED` */
export const readBytes = (reader: ByteReader, length: number): Uint8Array => {
  const start = claim(reader, length);
  const { buffer, byteOffset } = reader.bytes;
  return new Uint8Array(buffer, byteOffset + start, length);
};

/** The next byte. @throws `BYTES_TRUNCATED` */
export const readUint8 = (reader: ByteReader): number => reader.bytes[claim(reader, 1)] as number;

/** Little-endian, as everything in Bitcoin's wire format. @throws `BYTES_TRUNCATED` */
export const readUint16 = (reader: ByteReader): number => {
  const at = claim(reader, 2);
  return byteAt(reader, at) | (byteAt(reader, at + 1) << 8);
};

/** Little-endian, unsigned. @throws `BYTES_TRUNCATED` */
export const readUint32 = (reader: ByteReader): number => uint32At(reader, claim(reader, 4));

/** Little-endian, two's complement. @throws `BYTES_TRUNCATED` */
export const readInt32 = (reader: ByteReader): number => uint32At(reader, claim(reader, 4)) | 0;

/** Little-endian, unsigned. @throws `BYTES_TRUNCATED` */
export const readUint64 = (reader: ByteReader): bigint => {
  const at = claim(reader, 8);
  return BigInt(uint32At(reader, at)) + (BigInt(uint32At(reader, at + 4)) << 32n);
};

/**
 * A compact size, in its shortest form and below 2⁵³.
 * @throws `BYTES_TRUNCATED`, `BYTES_NON_CANONICAL`
 */
export const readCompactSize = (reader: ByteReader): number => {
  const first = readUint8(reader);
  if (first < 0xfd) return first;
  const [value, least] =
    first === 0xfd
      ? [readUint16(reader), 0xfd]
      : first === 0xfe
        ? [readUint32(reader), 0x10000]
        : [Number(readUint64(reader)), 0x100000000];
  if (value < least || !Number.isSafeInteger(value)) {
    throw primitivesError(
      'BYTES_NON_CANONICAL',
      `The length before byte ${reader.offset} is not in its shortest form, or above 2⁵³.`,
      { offset: reader.offset },
    );
  }
  return value;
};

const byteAt = (reader: ByteReader, at: number): number => reader.bytes[at] as number;

const uint32At = (reader: ByteReader, at: number): number =>
  (byteAt(reader, at) |
    (byteAt(reader, at + 1) << 8) |
    (byteAt(reader, at + 2) << 16) |
    (byteAt(reader, at + 3) << 24)) >>>
  0;

const claim = (reader: ByteReader, length: number): number => {
  const start = reader.offset;
  if (length > reader.bytes.length - start) {
    throw primitivesError(
      'BYTES_TRUNCATED',
      `At byte ${start}, ${length} more are announced and ${reader.bytes.length - start} are there.`,
      { offset: start, expected: length, actual: reader.bytes.length - start },
    );
  }
  reader.offset = start + length;
  return start;
};
