import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  excerpt,
  formatBase64,
  formatHex,
  formatUtf8,
  hash160,
  hash256,
  hmacSha512,
  indexOfBytes,
  parseBase64,
  parseHex,
  parseUtf8,
  sha256,
} from '../src/index.ts';

const anyBytes = fc.uint8Array({ maxLength: 80 });
const invalid = expect.objectContaining({ code: 'BYTES_INVALID' });

/** True for a `Uint8Array` that is not a `Buffer`. */
const isPlain = (bytes: Uint8Array): boolean =>
  Object.getPrototypeOf(bytes) === Uint8Array.prototype;

describe('hex', () => {
  it.each([
    ['', []],
    ['00ff', [0, 255]],
    ['aB', [0xab]],
  ])('%j', (text, bytes) => {
    expect([...parseHex(text)]).toEqual(bytes);
  });

  it.each(['0', '0x00', 'zz', '00 ', ' 00', '0-', '00\n', '０0'])('%j is none', (text) => {
    expect(() => parseHex(text)).toThrow(invalid);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(parseHex(formatHex(bytes))).toEqual(bytes);
        expect(isPlain(parseHex(formatHex(bytes)))).toBe(true);
      }),
    );
  });
});

describe('base64', () => {
  // RFC 4648, section 10.
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (text, base64) => {
    expect(formatBase64(parseUtf8(text))).toBe(base64);
    expect(formatUtf8(parseBase64(base64))).toBe(text);
  });

  it.each([
    ['no padding', 'Zg'],
    ['half of the padding', 'Zg='],
    ['too much padding', 'Zg==='],
    ['padding alone', '='],
    ['padding inside', 'Zg==Zg=='],
    ['a line feed', 'Zm9v\n'],
    ['a space', 'Zm 9v'],
    ['the alphabet of URLs', '-_-_'],
    ['stray bits', 'Zh=='],
    ['a digit alone', 'Z'],
    ['no base64 at all', '!!!!'],
  ])('with %s is none', (_, text) => {
    expect(() => parseBase64(text)).toThrow(invalid);
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(parseBase64(formatBase64(bytes))).toEqual(bytes);
        expect(isPlain(parseBase64(formatBase64(bytes)))).toBe(true);
      }),
    );
  });
});

describe('byte strings', () => {
  it('are compared byte by byte, the shorter first', () => {
    const sorted = ['', '00', '0000', '01', '7f', '80', 'ff', 'ff00'].map(parseHex);
    for (const [i, a] of sorted.entries()) {
      for (const [j, b] of sorted.entries()) {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(i - j));
        expect(equalBytes(a, b)).toBe(i === j);
      }
    }
  });

  it('are compared as Node does', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  it('are found in a list, the first of several alike', () => {
    const list = [Uint8Array.of(1), Uint8Array.of(1, 2), Uint8Array.of(1, 2)];
    expect(indexOfBytes(list, Uint8Array.of(1, 2))).toBe(1);
    expect(indexOfBytes(list, Uint8Array.of(2))).toBe(-1);
    expect(indexOfBytes([], Uint8Array.of(1))).toBe(-1);
  });

  it('are joined into new memory', () => {
    const part = Uint8Array.of(1, 2);
    const joined = concatBytes(part, new Uint8Array(), Uint8Array.of(3));
    expect([...joined]).toEqual([1, 2, 3]);
    joined[0] = 9;
    expect(part[0]).toBe(1);
    expect(concatBytes()).toEqual(new Uint8Array());
  });

  it('may be views into larger memory', () => {
    const view = Uint8Array.of(9, 0x66, 0x6f, 9).subarray(1, 3);
    expect(formatHex(view)).toBe('666f');
    expect(formatBase64(view)).toBe('Zm8=');
    expect(formatUtf8(view)).toBe('fo');
    expect(formatHex(sha256(view))).toBe(createHash('sha256').update('fo').digest('hex'));
  });
});

describe('an excerpt', () => {
  it.each([
    ['short', '"short"'],
    ['', '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\u001b[2J\n', '"?[2J?"'],
    ['қойма', '"?????"'],
    ['a'.repeat(41), `"${'a'.repeat(40)}…"`],
  ])('of %j is %s', (text, shown) => {
    expect(excerpt(text)).toBe(shown);
  });
});

describe('hashes', () => {
  const text = parseUtf8('abc');

  // FIPS 180-4, RIPEMD-160's own test of "abc", RFC 4231 case 1.
  it('are those of the standards', () => {
    expect(formatHex(sha256(text))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(hash256(text)).toEqual(sha256(sha256(text)));
    expect(createHash('ripemd160').update(text).digest('hex')).toBe(
      '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc',
    );
    expect(hash160(text)).toEqual(
      new Uint8Array(createHash('ripemd160').update(sha256(text)).digest()),
    );
    expect(formatHex(hmacSha512(new Uint8Array(20).fill(0x0b), parseUtf8('Hi There')))).toBe(
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
    );
  });

  it('are plain bytes of their own', () => {
    const mac = hmacSha512(text, text);
    expect([sha256(text), hash160(text), mac].every(isPlain)).toBe(true);
    expect(mac).toEqual(new Uint8Array(createHmac('sha512', text).update(text).digest()));
    mac.fill(0);
    expect(hmacSha512(text, text)).not.toEqual(mac);
  });
});
