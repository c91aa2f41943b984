import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../src/exact-json.ts';

describe('parseExactJson', () => {
  it.each([
    ['0.10000000', '0.10000000'],
    ['20999999.99999999', '20999999.99999999'],
    ['-0.00000001', '-0.00000001'],
    ['1e-8', '1e-8'],
    ['2.5E+10', '2.5E+10'],
    ['9007199254740993', '9007199254740993'],
    ['0', '0'],
  ])('keeps the number %s as it stands', (text, expected) => {
    expect(parseExactJson(text)).toBe(expected);
    expect(parseExactJson(`{"amount":${text},"list":[${text}, ${text}]}`)).toEqual({
      amount: expected,
      list: [expected, expected],
    });
  });

  it.each([
    ['"1.5"', '1.5'],
    ['"a \\"12\\" b"', 'a "12" b'],
    ['"\\\\"', '\\'],
    ['{"a\\\\":1,"b":"x:2,"}', { 'a\\': '1', b: 'x:2,' }],
    ['{"12":3}', { '12': '3' }],
    ['["\\u0031",1]', ['1', '1']],
    ['[true,false,null]', [true, false, null]],
    [' [ 1 ,\n2 ] ', ['1', '2']],
  ])('leaves strings alone: %s', (text, expected) => {
    expect(parseExactJson(text)).toEqual(expected);
  });

  it.each(['', '{1:2}', '007', '1.', '.5', '+1', '- 1', 'NaN', '[1,]', '"open', '{"a":1}x', '1 2'])(
    'refuses what is not JSON: %s',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );

  it('reads a string of many megabytes', () => {
    const hex = 'ab'.repeat(8_000_000);
    expect(parseExactJson(`["${hex}",0.5]`)).toEqual([hex, '0.5']);
  });

  it('differs from JSON.parse in nothing but the numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const numbersAsText = JSON.parse(text, (_, member: unknown) =>
          typeof member === 'number' ? JSON.stringify(member) : member,
        ) as unknown;
        expect(parseExactJson(text)).toEqual(numbersAsText);
      }),
    );
  });
});
