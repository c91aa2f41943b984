import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, formatHex, hashJson, type JsonValue } from '../src/index.ts';

describe('canonical JSON', () => {
  it.each<[JsonValue, string]>([
    [null, 'null'],
    [true, 'true'],
    ['', '""'],
    [0, '0'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [[], '[]'],
    [{}, '{}'],
    [[1, [2, { b: 1, a: [] }]], '[1,[2,{"a":[],"b":1}]]'],
    [{ b: 1, a: 2, B: 3, '': 4, '10': 5, '9': 6 }, '{"":4,"10":5,"9":6,"B":3,"a":2,"b":1}'],
    // RFC 8785, section 3.2.3: keys in the order of their UTF-16 code units.
    [
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 },
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    ],
    ['\u20ac$\u000f\nA\'B"\\/\u007f', '"\u20ac$\\u000f\\nA\'B\\"\\\\/\u007f"'],
    ['\ud800', '"\\ud800"'],
  ])('%j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])(
    'has no number %s: that is a defect of the caller',
    (value) => {
      expect(() => canonicalJson({ a: [value] })).toThrow('safe integers');
    },
  );

  it('has no undefined: that is a defect of the caller', () => {
    const value = { a: undefined } as unknown as JsonValue;
    expect(() => canonicalJson(value)).toThrow('undefined is no JSON value');
  });

  it('keeps the value, and does not depend on the order of its members', () => {
    const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text) as JsonValue)).toBe(text);
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it('is hashed in UTF-8', () => {
    const hash = createHash('sha256').update('{"name":"Қойма"}', 'utf8').digest('hex');
    expect(formatHex(hashJson({ name: 'Қойма' }))).toBe(hash);
  });
});

/** The same value with the members of its objects in the opposite order. */
const reversed = (value: JsonValue): JsonValue =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).toReversed());
