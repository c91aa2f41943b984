import { isPublicKey } from '@qoima/curve';
import type { KeyOrigin } from '@qoima/policy';
import {
  type ByteReader,
  byteReader,
  byteWriter,
  isQoimaError,
  readBytes,
  readCompactSize,
  readUint32,
  type Sats,
  writeBytes,
  writeCompactSize,
  writeUint32,
  writeUint64,
  writtenBytes,
} from '@qoima/primitives';
import { psbtError } from './errors.ts';
import {
  decodeOutput,
  decodeUnsignedTransaction,
  decodeWitness,
  encodeOutput,
  encodeUnsignedTransaction,
  encodeWitness,
  type TransactionOutput,
  type UnsignedTransaction,
} from './transaction.ts';
import { isOutput, isTransaction, isWitness } from './transaction-layout.ts';
import { maxStrippedBytes } from './transaction-reader.ts';

/** The shape of a key's or value's bytes in a PSBT: a cell of the BIP's table. */
export interface Codec<T> {
  /** Completes "it must be …" in an error message. */
  readonly shape: string;
  /** Whether `decode` takes the bytes; cheap, for it runs over every record of a file. */
  fits(bytes: Uint8Array): boolean;
  /** Only for bytes that fit; of others it may make anything or throw. Views, not copies. */
  decode(bytes: Uint8Array): T;
  encode(value: T): Uint8Array;
}

const none = new Uint8Array();

/** "No key data" in the BIPs. */
export const nothing: Codec<undefined> = {
  shape: 'empty',
  fits: (bytes) => bytes.length === 0,
  decode: () => undefined,
  encode: () => none,
};

/** Bytes as they are, with a shape. */
export const bytesThat = (
  shape: string,
  fits: (bytes: Uint8Array) => boolean,
): Codec<Uint8Array> => ({
  shape,
  fits,
  decode: (bytes) => bytes,
  encode: (bytes) => bytes,
});

/** Anything, a script for example. */
export const anyBytes: Codec<Uint8Array> = bytesThat('bytes', () => true);

export const someBytes: Codec<Uint8Array> = bytesThat('at least one byte', (b) => b.length > 0);

export const bytesOf = (...lengths: readonly number[]): Codec<Uint8Array> =>
  bytesThat(`${lengths.join(' or ')} bytes`, (bytes) => lengths.includes(bytes.length));

const uint32Where = (shape: string, holds: (value: number) => boolean): Codec<number> => ({
  shape,
  fits: (bytes) => bytes.length === 4 && holds(uint32(bytes)),
  decode: uint32,
  encode: (value) => {
    const writer = byteWriter(4);
    writeUint32(writer, value);
    return writer.bytes;
  },
});

const uint32 = (bytes: Uint8Array): number => readUint32(byteReader(bytes));

export const uint32Value: Codec<number> = uint32Where('4 bytes', () => true);

export const int32Value: Codec<number> = {
  ...uint32Value,
  decode: (bytes) => uint32(bytes) | 0,
};

/** BIP-370: a required lock time that is a time. */
export const timeValue: Codec<number> = uint32Where(
  '4 bytes, a time of 500000000 or later',
  (value) => value >= 500_000_000,
);

/** BIP-370: a required lock time that is a height. */
export const heightValue: Codec<number> = uint32Where(
  '4 bytes, a height from 1 to 499999999',
  (value) => value > 0 && value < 500_000_000,
);

export const uint8Value: Codec<number> = {
  shape: '1 byte',
  fits: (bytes) => bytes.length === 1,
  decode: (bytes) => bytes[0] as number,
  encode: (value) => Uint8Array.of(value),
};

export const compactSizeValue: Codec<number> = {
  shape: 'a compact size in its shortest form',
  fits: (bytes) => readsWhole(bytes, (reader) => readCompactSize(reader) >= 0),
  decode: (bytes) => readCompactSize(byteReader(bytes)),
  encode: (value) => {
    const writer = byteWriter(9);
    writeCompactSize(writer, value);
    return writtenBytes(writer);
  },
};

export const amountValue: Codec<Sats> = {
  shape: '8 bytes, an amount of 0…2100000000000000 satoshis',
  fits: (bytes) => bytes.length === 8 && isOutput(withoutScript(bytes)),
  decode: (bytes) => decodeOutput(withoutScript(bytes)).amount,
  encode: (amount) => {
    const writer = byteWriter(8);
    writeUint64(writer, amount);
    return writer.bytes;
  },
};

/** An amount as the output that it would begin: the range is checked in one place. */
const withoutScript = (amount: Uint8Array): Uint8Array => {
  const output = new Uint8Array(9);
  output.set(amount.subarray(0, 8));
  return output;
};

/**
 * A public key by its shape: compressed or uncompressed. That it is a point of the curve is checked
 * by the roles that use it; here it would cost more than all the rest of the decoding.
 */
export const ecdsaKey: Codec<Uint8Array> = bytesThat(
  'a public key of 33 bytes from 02 or 03, or of 65 bytes from 04',
  (bytes) =>
    bytes.length === 33 ? bytes[0] === 2 || bytes[0] === 3 : bytes.length === 65 && bytes[0] === 4,
);

/** A key of BIP-32 has its depth in one byte, so no path is longer. */
const maxSteps = 255;

/** Master fingerprint and derivation path: 4 bytes, and 4 for each step. */
export const keyOrigin: Codec<KeyOrigin> = {
  shape: 'a fingerprint of 4 bytes and 4 bytes for each step of the path, 255 steps at most',
  fits: ({ length }) => length >= 4 && length % 4 === 0 && length <= 4 + 4 * maxSteps,
  decode: (bytes) => {
    const reader = byteReader(bytes);
    const fingerprint = readBytes(reader, 4);
    const path: number[] = [];
    while (reader.offset < bytes.length) path.push(readUint32(reader));
    return { fingerprint, path };
  },
  encode: ({ fingerprint, path }) => {
    const writer = byteWriter(4 + 4 * path.length);
    writeBytes(writer, fingerprint);
    for (const step of path) {
      if (step !== step >>> 0) {
        throw psbtError('PSBT_FIELD_INVALID', `A step of a derivation path is ${step}.`, {
          expected: '0…4294967295',
          actual: String(step),
        });
      }
      writeUint32(writer, step);
    }
    return writer.bytes;
  },
};

/**
 * BIP-32 serialisation of an extended public key. Its version bytes are for `@qoima/policy` to judge,
 * but a private key is refused here: its last 33 bytes are no point.
 */
export const extendedKey: Codec<Uint8Array> = bytesThat(
  'an extended public key of 78 bytes',
  (bytes) => bytes.length === 78 && isPublicKey(bytes.subarray(45)),
);

/** A whole previous transaction, kept in its bytes so that it can be hashed. */
export const transactionBytes: Codec<Uint8Array> = bytesThat('a transaction', isTransaction);

export const unsignedTransaction: Codec<UnsignedTransaction> = {
  shape: 'a transaction in the old serialisation with empty scriptSigs',
  // Decoded once per PSBT and at once, so a closer look beforehand would only cost.
  fits: (bytes) => bytes.length >= 10 && bytes.length <= maxStrippedBytes,
  decode: decodeUnsignedTransaction,
  encode: encodeUnsignedTransaction,
};

export const output: Codec<TransactionOutput> = {
  shape: 'a transaction output',
  fits: isOutput,
  decode: decodeOutput,
  encode: encodeOutput,
};

export const witness: Codec<readonly Uint8Array[]> = {
  shape: 'a witness stack',
  fits: isWitness,
  decode: decodeWitness,
  encode: encodeWitness,
};

/** BIP-174: length and bytes of an identifier, then a subtype; the rest is its user's own. */
export const proprietaryKey: Codec<Uint8Array> = bytesThat(
  'an identifier with its length, and a subtype',
  (bytes) =>
    readsWhole(bytes, (reader) => {
      readBytes(reader, readCompactSize(reader));
      readCompactSize(reader);
      reader.offset = bytes.length;
      return true;
    }),
);

/** Whether a read likes what it sees, never lacks bytes, and ends where they do. */
export const readsWhole = (bytes: Uint8Array, read: (reader: ByteReader) => boolean): boolean => {
  const reader = byteReader(bytes);
  try {
    return read(reader) && reader.offset === bytes.length;
  } catch (error) {
    if (isQoimaError(error)) return false;
    throw error;
  }
};
