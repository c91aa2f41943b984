import {
  type ByteReader,
  byteReader,
  isQoimaError,
  MAX_SATS,
  readCompactSize,
  readUint8,
  readUint32,
} from '@qoima/primitives';
import { psbtError } from './errors.ts';

/** No transaction in a block is larger (consensus: 4,000,000 weight units). */
export const maxBytes = 4_000_000;

/** The same bound without witness, where a byte weighs four units. */
export const maxStrippedBytes = 1_000_000;

/** More inputs or outputs than this fit in no block; PSBT v2 announces its counts without a transaction. */
export const MAX_INPUTS: number = Math.floor(maxStrippedBytes / 41);
export const MAX_OUTPUTS: number = Math.floor(maxStrippedBytes / 9);

export const invalid = (what: string, offset: number): Error =>
  psbtError('PSBT_TRANSACTION_INVALID', `Not a transaction: ${what} (byte ${offset}).`, {
    offset,
    reason: what,
  });

/** Runs a read over all the bytes: nothing may be missing and nothing left. */
export const whole = <T>(bytes: Uint8Array, limit: number, read: (reader: ByteReader) => T): T => {
  if (bytes.length > limit) throw invalid(`${bytes.length} bytes fit in no block`, 0);
  const reader = byteReader(bytes);
  let value: T;
  try {
    value = read(reader);
  } catch (error) {
    if (isQoimaError(error, 'BYTES_TRUNCATED')) throw invalid('it ends too soon', reader.offset);
    if (isQoimaError(error, 'BYTES_NON_CANONICAL')) {
      throw invalid('a length is not in its shortest form', reader.offset);
    }
    throw error;
  }
  const left = bytes.length - reader.offset;
  if (left > 0) throw invalid(`${left} bytes follow its end`, reader.offset);
  return value;
};

/** Whether a read goes through, where the reason why not is not wanted. */
export const reads = (read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean => {
  try {
    read(bytes);
    return true;
  } catch (error) {
    if (isQoimaError(error)) return false;
    throw error;
  }
};

export const skip = (reader: ByteReader, length: number): void => {
  if (length > reader.bytes.length - reader.offset) {
    throw invalid('it ends too soon', reader.offset);
  }
  reader.offset += length;
};

/** A number of things of at least `size` bytes each: refused before anything is made for them. */
export const readCount = (reader: ByteReader, size: number, what: string): number => {
  const offset = reader.offset;
  const count = readCompactSize(reader);
  if (count > (reader.bytes.length - reader.offset) / size) {
    throw invalid(`it announces ${count} ${what} and ends too soon for them`, offset);
  }
  return count;
};

export const readMarker = (reader: ByteReader): void => {
  skip(reader, 1);
  const flag = readUint8(reader);
  if (flag !== 1) throw invalid('its segwit flag is not 1', reader.offset - 1);
};

const maxSats = Number(MAX_SATS);

/** Little-endian 64 bits. All amounts in range are exact in a double, and so is the comparison. */
export const readAmount = (reader: ByteReader): number => {
  const offset = reader.offset;
  const low = readUint32(reader);
  const amount = readUint32(reader) * 0x100000000 + low;
  if (amount > maxSats) {
    throw psbtError('PSBT_AMOUNT_OUT_OF_RANGE', `An amount at byte ${offset} is out of range.`, {
      offset,
      expected: `0…${MAX_SATS}`,
    });
  }
  return amount;
};

/** Passes a witness stack and tells its height. */
export const skipWitness = (reader: ByteReader): number => {
  const count = readCount(reader, 1, 'witness items');
  for (let left = count; left > 0; left--) skip(reader, readCompactSize(reader));
  return count;
};
