import { describe, expect, it } from 'vitest';
import { hasRepeatedMember } from '../src/index.ts';

const repeats = (text: string): boolean => hasRepeatedMember(text, JSON.parse(text));

describe('a repeated member', () => {
  it.each([
    ['of the whole', '{"a":1,"a":1}'],
    ['in other letters', '{"a":1,"\\u0061" : 2}'],
    ['further inside', '[{"b":{"a":1,"c":2,\n"a"\t:1}}]'],
    ['that holds others', '{"a":{"x":1},"a":{"x":1}}'],
    ['of an odd name', '{"__proto__":1,"__proto__":2}'],
    ['with quotes in its name', '{"\\"":1,"\\"":2}'],
  ])('%s is found', (_what, text) => {
    expect(repeats(text)).toBe(true);
  });

  it.each([
    ['nothing at all', 'null'],
    ['the same name in two objects', '[{"a":1},{"a":1},{"a":{"a":1}}]'],
    ['a text that begins with a colon behind another text', '{"names":["a",":b",": c"]}'],
    ['a text of quotes, colons and backslashes', JSON.stringify({ a: 'a": \\" "b":', b: '\\"' })],
    ['an empty name', '{"":"","a":""}'],
    ['a name that every object has', '{"toString":1,"__proto__":[]}'],
  ])('is not %s', (_what, text) => {
    expect(repeats(text)).toBe(false);
  });

  it('is looked for in time, however long or deep the text is', () => {
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    const long = JSON.stringify({ a: '"\\:'.repeat(1_000_000), b: Array(100_000).fill(':') });
    for (const text of [deep, long]) expect(repeats(text)).toBe(false);
  });
});
