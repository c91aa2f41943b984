/** A growing byte string; the write functions append to it. */
export interface ByteWriter {
  bytes: Uint8Array;
  length: number;
}

/** `capacity` is a hint in bytes; the writer grows by itself. */
export const byteWriter = (capacity = 256): ByteWriter => ({
  bytes: new Uint8Array(capacity),
  length: 0,
});

/** What was written, in memory of its own size; not copied if the capacity was exactly that. */
export const writtenBytes = (writer: ByteWriter): Uint8Array =>
  writer.length === writer.bytes.length ? writer.bytes : writer.bytes.slice(0, writer.length);

/** Copies `bytes` behind what is written. */
export const writeBytes = (writer: ByteWriter, bytes: Uint8Array): void => {
  const at = extend(writer, bytes.length);
  writer.bytes.set(bytes, at);
};

/** Takes the lowest eight bits. */
export const writeUint8 = (writer: ByteWriter, value: number): void => {
  const at = extend(writer, 1);
  writer.bytes[at] = value;
};

/** Little-endian. */
export const writeUint16 = (writer: ByteWriter, value: number): void => {
  const at = extend(writer, 2);
  writer.bytes[at] = value;
  writer.bytes[at + 1] = value >>> 8;
};

/** Little-endian; takes signed and unsigned values alike. */
export const writeUint32 = (writer: ByteWriter, value: number): void => {
  const at = extend(writer, 4);
  writer.bytes[at] = value;
  writer.bytes[at + 1] = value >>> 8;
  writer.bytes[at + 2] = value >>> 16;
  writer.bytes[at + 3] = value >>> 24;
};

/** Little-endian. */
export const writeUint64 = (writer: ByteWriter, value: bigint): void => {
  writeUint32(writer, Number(value & 0xffffffffn));
  writeUint32(writer, Number(value >> 32n));
};

/** The shortest form of a compact size below 2⁵³. */
export const writeCompactSize = (writer: ByteWriter, value: number): void => {
  if (value < 0xfd) {
    writeUint8(writer, value);
  } else if (value <= 0xffff) {
    writeUint8(writer, 0xfd);
    writeUint16(writer, value);
  } else if (value <= 0xffffffff) {
    writeUint8(writer, 0xfe);
    writeUint32(writer, value);
  } else {
    writeUint8(writer, 0xff);
    writeUint64(writer, BigInt(value));
  }
};

/** How many bytes the shortest form of a compact size takes. */
export const compactSizeLength = (value: number): number =>
  value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffffffff ? 5 : 9;

/** A compact size and then the bytes that it counts. */
export const writeVarBytes = (writer: ByteWriter, bytes: Uint8Array): void => {
  writeCompactSize(writer, bytes.length);
  writeBytes(writer, bytes);
};

const extend = (writer: ByteWriter, by: number): number => {
  const start = writer.length;
  const end = start + by;
  if (end > writer.bytes.length) {
    const grown = new Uint8Array(Math.max(end, writer.bytes.length * 2));
    grown.set(writer.bytes.subarray(0, start));
    writer.bytes = grown;
  }
  writer.length = end;
  return start;
};
