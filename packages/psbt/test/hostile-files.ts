import {
  type ByteWriter,
  byteWriter,
  parseHex,
  parseUtf8,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from '@qoima/primitives';

/**
 * Files made to cost their reader as much as they can, of about `size` bytes each. They are written in
 * one memory, so that a measurement sees what the reader takes and not what the maker left.
 */
export interface HostileFile {
  readonly what: string;
  /** What the reader says of it at full size; undefined if it takes it. */
  readonly code: string | undefined;
  readonly make: (size: number) => Uint8Array;
}

/** What reading one took. */
export interface HostileReading {
  readonly bytes: number;
  readonly code?: string;
  /** CPU time for a file of a quarter of the size, and of the whole. */
  readonly quarterMs: number;
  readonly ms: number;
  /** Memory at the most, beyond what there was with the file in it. */
  readonly extraMb: number;
}

export const hostileFiles: readonly HostileFile[] = [
  {
    what: 'a version 2 that announces 2³² inputs',
    code: 'PSBT_COUNT_ABSURD',
    make: (size) => filled(size, (writer) => writeGlobals(writer, 2 ** 32, 0)),
  },
  {
    what: 'a version 2 that announces 2⁵² outputs',
    code: 'PSBT_COUNT_ABSURD',
    make: (size) => filled(size, (writer) => writeGlobals(writer, 0, 2 ** 52)),
  },
  {
    what: 'a transaction that announces 2³² inputs',
    code: 'PSBT_FIELD_INVALID',
    make: (size) => filled(size, (writer) => writeTransaction(writer, 900_000, 2 ** 32, 0)),
  },
  {
    what: 'a transaction of nothing but outputs',
    code: 'PSBT_TOO_LARGE',
    make: (size) => {
      const outputs = Math.min(110_000, Math.floor(size / 9));
      return filled(size, (writer) => writeTransaction(writer, outputs * 9 + 14, 0, outputs));
    },
  },
  {
    what: 'a key that announces 2⁵² bytes',
    code: 'PSBT_TRUNCATED',
    make: (size) =>
      filled(size, (writer) => {
        writeBytes(writer, magic);
        writeCompactSize(writer, 2 ** 52);
      }),
  },
  {
    what: 'one value as long as the file',
    code: undefined,
    make: (size) =>
      oneInput(size, (writer, left) => {
        writeBytes(writer, Uint8Array.of(1, 0x30));
        writeCompactSize(writer, left - 8);
        writer.length += left - 8;
      }),
  },
  {
    what: 'as many records as fit, in the wrong order',
    code: 'PSBT_TOO_LARGE',
    make: (size) =>
      oneInput(size, (writer, left) => {
        for (let i = Math.floor(left / 8); i > 0; i--) writeUnknown(writer, i, 0);
      }),
  },
  {
    what: 'as many records as are read, in the wrong order',
    code: undefined,
    make: (size) =>
      oneInput(size, (writer, left) => {
        const records = Math.min(99_000, Math.floor(left / 40));
        const length = Math.floor(left / records) - 11;
        for (let i = records; i > 0; i--) writeUnknown(writer, i, length);
      }),
  },
  {
    what: 'long keys that differ at their ends',
    code: undefined,
    make: (size) =>
      oneInput(size, (writer, left) => {
        const records = 1000;
        const length = Math.floor(left / records) - 8;
        for (let i = records; i > 0; i--) {
          writeCompactSize(writer, length + 1);
          writeUint8(writer, 0x30);
          writer.length += length - 4;
          writeUint32(writer, i);
          writeUint8(writer, 0);
        }
      }),
  },
  {
    what: 'as many outputs as are read',
    code: undefined,
    make: (size) => {
      const outputs = Math.min(33_000, Math.floor(size / 15));
      const writer = byteWriter(outputs * 15 + 64);
      writeGlobals(writer, 0, outputs);
      for (let i = 0; i < outputs; i++) {
        writeBytes(writer, Uint8Array.of(1, 3, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0));
      }
      return writtenBytes(writer);
    },
  },
  {
    what: 'as many inputs as are read',
    code: undefined,
    make: (size) => {
      const inputs = Math.min(24_390, Math.floor(size / 43));
      const writer = byteWriter(inputs * 43 + 64);
      writeGlobals(writer, inputs, 0);
      for (let i = 0; i < inputs; i++) {
        writePrevious(writer, i);
        writeUint8(writer, 0);
      }
      return writtenBytes(writer);
    },
  },
  {
    what: 'MuSig2 participants',
    code: undefined,
    make: (size) =>
      oneInput(size, (writer, left) => {
        const keys = Math.floor((left - 50) / 33);
        writeBytes(writer, Uint8Array.of(34, 0x1a));
        writeBytes(writer, point);
        writeCompactSize(writer, keys * 33);
        for (let i = 0; i < keys; i++) writeBytes(writer, point);
      }),
  },
  {
    what: 'a derivation path of millions of steps',
    code: 'PSBT_FIELD_INVALID',
    make: (size) =>
      oneInput(size, (writer, left) => {
        const steps = Math.floor((left - 50) / 4);
        writeBytes(writer, Uint8Array.of(34, 0x06));
        writeBytes(writer, point);
        writeCompactSize(writer, steps * 4);
        writer.length += steps * 4;
      }),
  },
  {
    what: 'a witness of millions of empty items',
    code: undefined,
    make: (size) =>
      oneInput(size, (writer, left) => {
        const items = Math.min(3_999_000, left - 12);
        writeBytes(writer, Uint8Array.of(1, 0x08));
        writeCompactSize(writer, items + 5);
        writeUint8(writer, 0xfe);
        writeUint32(writer, items);
        writer.length += items;
      }),
  },
  {
    what: 'a taproot tree of the greatest depth, over and over',
    code: 'PSBT_FIELD_INVALID',
    make: (size) => {
      const leaves = Math.floor((size - 200) / 3);
      const writer = byteWriter(leaves * 3 + 200);
      writeGlobals(writer, 0, 1);
      writeBytes(writer, Uint8Array.of(1, 3, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 6));
      writeCompactSize(writer, leaves * 3);
      for (let i = 0; i < leaves; i++) writeBytes(writer, Uint8Array.of(128, 0xc0, 0));
      writeUint8(writer, 0);
      return writtenBytes(writer);
    },
  },
  {
    what: 'base64 with a space behind every letter',
    code: 'PSBT_FIELD_MISSING',
    make: (size) => {
      const file = new Uint8Array(size - (size % 8)).fill(0x20);
      for (let at = 0; at < size; at += 2) file[at] = 0x41;
      file.set(parseUtf8('cHNidP8A'));
      return file;
    },
  },
  {
    what: 'hex of nothing but zeros',
    code: 'PSBT_FIELD_MISSING',
    make: (size) => {
      const file = new Uint8Array(size - (size % 2)).fill(0x30);
      file.set(parseUtf8('70736274ff'));
      return file;
    },
  },
];

const magic = parseHex('70736274ff');
const point = parseHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

/** The beginning, and then zeros. */
const filled = (size: number, begin: (writer: ByteWriter) => void): Uint8Array => {
  const writer = byteWriter(Math.max(size, 1_000_000));
  begin(writer);
  writer.length = size;
  return writtenBytes(writer);
};

/** A version 2 with one input and no output; `write` may put about `left` bytes into the input's map. */
const oneInput = (size: number, write: (writer: ByteWriter, left: number) => void): Uint8Array => {
  const writer = byteWriter(size);
  writeGlobals(writer, 1, 0);
  writePrevious(writer, 0);
  write(writer, size - writer.length - 1);
  writeUint8(writer, 0);
  // A view: a copy would count as the reader's.
  return writer.bytes.subarray(0, writer.length);
};

const writeGlobals = (writer: ByteWriter, inputs: number, outputs: number): void => {
  writeBytes(writer, magic);
  writeBytes(writer, Uint8Array.of(1, 2, 4, 2, 0, 0, 0));
  for (const [type, count] of [
    [4, inputs],
    [5, outputs],
  ] as const) {
    const value = byteWriter(9);
    writeCompactSize(value, count);
    writeBytes(writer, Uint8Array.of(1, type));
    writeVarBytes(writer, writtenBytes(value));
  }
  writeBytes(writer, Uint8Array.of(1, 0xfb, 4, 2, 0, 0, 0, 0));
};

/** The previous txid, another one for each number, and the output index. */
const writePrevious = (writer: ByteWriter, number: number): void => {
  writeBytes(writer, Uint8Array.of(1, 0x0e, 32));
  writeUint32(writer, number);
  writer.length += 28;
  writeBytes(writer, Uint8Array.of(1, 0x0f, 4, 0, 0, 0, 0));
};

const writeUnknown = (writer: ByteWriter, number: number, length: number): void => {
  writeBytes(writer, Uint8Array.of(5, 0x30));
  writeUint32(writer, number);
  writeCompactSize(writer, length);
  writer.length += length;
};

/** A version 0 whose unsigned transaction is said to have `length` bytes. */
const writeTransaction = (
  writer: ByteWriter,
  length: number,
  inputs: number,
  outputs: number,
): void => {
  writeBytes(writer, magic);
  writeBytes(writer, Uint8Array.of(1, 0));
  writeCompactSize(writer, length);
  writeBytes(writer, Uint8Array.of(2, 0, 0, 0));
  writeCompactSize(writer, inputs);
  writeUint8(writer, 0xfe);
  writeUint32(writer, outputs);
  for (let i = 0; i < outputs; i++) {
    writeUint64(writer, 0n);
    writeUint8(writer, 0);
  }
};
