import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteReader,
  byteWriter,
  compactSizeLength,
  formatHex,
  parseHex,
  readBytes,
  readCompactSize,
  readInt32,
  readUint8,
  readUint16,
  readUint32,
  readUint64,
  writeBytes,
  writeCompactSize,
  writeUint8,
  writeUint16,
  writeUint32,
  writeUint64,
  writeVarBytes,
  writtenBytes,
} from '../src/index.ts';

const truncated = expect.objectContaining({ code: 'BYTES_TRUNCATED' });
const nonCanonical = expect.objectContaining({ code: 'BYTES_NON_CANONICAL' });

const compactSizes: readonly [value: number, hex: string][] = [
  [0, '00'],
  [0xfc, 'fc'],
  [0xfd, 'fdfd00'],
  [0xffff, 'fdffff'],
  [0x10000, 'fe00000100'],
  [0xffffffff, 'feffffffff'],
  [0x100000000, 'ff0000000001000000'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff1f00'],
];

describe('a compact size', () => {
  it.each(compactSizes)('%i is %s', (value, hex) => {
    const writer = byteWriter();
    writeCompactSize(writer, value);
    expect(formatHex(writtenBytes(writer))).toBe(hex);
    expect(compactSizeLength(value)).toBe(hex.length / 2);
    expect(readCompactSize(byteReader(parseHex(hex)))).toBe(value);
  });

  it.each([
    ['fd0000', '0 in 3 bytes'],
    ['fdfc00', '252 in 3 bytes'],
    ['fe00000000', '0 in 5 bytes'],
    ['feffff0000', '65535 in 5 bytes'],
    ['ff0000000000000000', '0 in 9 bytes'],
    ['ffffffffff00000000', '2³² − 1 in 9 bytes'],
    ['ff00000000000020ff', 'far above 2⁵³'],
    ['ff0000000000002000', '2⁵³'],
    ['ff0100000000002000', '2⁵³ + 1'],
    ['ffffffffffffffffff', '2⁶⁴ − 1'],
  ])('is not %s (%s)', (hex) => {
    expect(() => readCompactSize(byteReader(parseHex(hex)))).toThrow(nonCanonical);
  });

  it.each(['', 'fd', 'fdff', 'fe', 'fe000001', 'ff', 'ff00000000010000'])(
    'is not %j, which is cut off',
    (hex) => {
      expect(() => readCompactSize(byteReader(parseHex(hex)))).toThrow(truncated);
    },
  );
});

describe('reading', () => {
  const reader = (hex: string): ReturnType<typeof byteReader> => byteReader(parseHex(hex));

  it('is little-endian, signed where it says so', () => {
    expect(readUint8(reader('ff'))).toBe(255);
    expect(readUint16(reader('01ff'))).toBe(0xff01);
    expect(readUint32(reader('010000ff'))).toBe(0xff000001);
    expect(readInt32(reader('ffffffff'))).toBe(-1);
    expect(readInt32(reader('00000080'))).toBe(-(2 ** 31));
    expect(readUint64(reader('01000000000000ff'))).toBe(0xff00000000000001n);
  });

  it('moves on by what it read', () => {
    const at = reader('0102030405');
    expect(readUint8(at)).toBe(1);
    expect([...readBytes(at, 3)]).toEqual([2, 3, 4]);
    expect(readUint8(at)).toBe(5);
    expect(at.offset).toBe(5);
    expect([...readBytes(at, 0)]).toEqual([]);
  });

  it.each([
    ['readUint8', readUint8, 1],
    ['readUint16', readUint16, 2],
    ['readUint32', readUint32, 4],
    ['readInt32', readInt32, 4],
    ['readUint64', readUint64, 8],
    ['readBytes of 5', (at: ReturnType<typeof byteReader>) => readBytes(at, 5), 5],
  ])('%s says where the bytes end, and does not move', (_, read, length) => {
    const at = byteReader(new Uint8Array(length));
    readUint8(at);
    expect(() => read(at)).toThrow(
      expect.objectContaining({
        code: 'BYTES_TRUNCATED',
        details: { offset: 1, expected: length, actual: length - 1 },
      }),
    );
    expect(at.offset).toBe(1);
  });

  it('takes a length beyond any memory for what it is', () => {
    expect(() => readBytes(reader('00'), Number.MAX_SAFE_INTEGER)).toThrow(truncated);
  });

  it('gives views of the bytes, plain ones even of a Buffer', () => {
    const memory = Buffer.from([1, 2, 3]);
    const bytes = readBytes(byteReader(memory.subarray(1)), 2);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    memory[1] = 9;
    expect([...bytes]).toEqual([9, 3]);
  });
});

describe('writing', () => {
  it('is read back as it was, however small the first memory', () => {
    const values = fc.record({
      small: fc.integer({ min: 0, max: 0xff }),
      middle: fc.integer({ min: 0, max: 0xffff }),
      large: fc.integer({ min: 0, max: 0xffffffff }),
      signed: fc.integer(),
      huge: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
      length: fc.maxSafeNat(),
      bytes: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(values, fc.nat({ max: 400 }), (value, capacity) => {
        const writer = byteWriter(capacity);
        writeUint8(writer, value.small);
        writeUint16(writer, value.middle);
        writeUint32(writer, value.large);
        writeUint32(writer, value.signed);
        writeUint64(writer, value.huge);
        writeCompactSize(writer, value.length);
        writeVarBytes(writer, value.bytes);
        writeBytes(writer, value.bytes);
        const at = byteReader(writtenBytes(writer));
        expect(readUint8(at)).toBe(value.small);
        expect(readUint16(at)).toBe(value.middle);
        expect(readUint32(at)).toBe(value.large);
        expect(readInt32(at)).toBe(value.signed);
        expect(readUint64(at)).toBe(value.huge);
        expect(readCompactSize(at)).toBe(value.length);
        expect(readBytes(at, readCompactSize(at))).toEqual(value.bytes);
        expect(readBytes(at, value.bytes.length)).toEqual(value.bytes);
        expect(at.offset).toBe(at.bytes.length);
      }),
    );
  });

  it('writes minus one as all ones', () => {
    const writer = byteWriter(0);
    writeUint64(writer, -1n);
    expect(formatHex(writtenBytes(writer))).toBe('f'.repeat(16));
  });

  it('gives what was written in memory of its own', () => {
    const writer = byteWriter();
    writeUint8(writer, 1);
    const written = writtenBytes(writer);
    writer.bytes[0] = 2;
    expect([...written]).toEqual([1]);
    expect(written.buffer.byteLength).toBe(1);
  });
});
