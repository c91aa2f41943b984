import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '../src/printable.ts';

const RED = '\u001b[31m';
const PLAIN = '\u001b[39m';

describe('printable', () => {
  it.each([
    ['plain text', 'plain text'],
    ['Қойма 金庫 é', 'Қойма 金庫 é'],
    ['🔑', '🔑'],
    ['\u001b[2J', '\\u{1b}[2J'],
    ['a\rb', 'a\\u{d}b'],
    ['a\nerror: b', 'a\\u{a}error: b'],
    ['\u009b31m', '\\u{9b}31m'],
    ['\u0000\u0007\u0008\u007f', '\\u{0}\\u{7}\\u{8}\\u{7f}'],
    ['abc\u202ecba', 'abc\\u{202e}cba'],
    ['a\u200bb\u2066c\ufeff', 'a\\u{200b}b\\u{2066}c\\u{feff}'],
    ['a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['a\u3164b\u115f\u1160\uffa0', 'a\\u{3164}b\\u{115f}\\u{1160}\\u{ffa0}'],
    ['a\u2800b\u034fc', 'a\\u{2800}b\\u{34f}c'],
    ['\u17b4\u17b5\u180b\u180f', '\\u{17b4}\\u{17b5}\\u{180b}\\u{180f}'],
    ['a\ufe0fb\u{e0100}', 'a\\u{fe0f}b\\u{e0100}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('lets no control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]*$/u);
        expect(printableLines(text, false)).toMatch(/^([^\p{C}\p{Zl}\p{Zp}]|\n)*$/u);
      }),
      { numRuns: 300 },
    );
  });
});

describe('printableLines', () => {
  it('keeps line feeds, and colours where they are on', () => {
    const text = `${RED}a${PLAIN}\nb`;
    expect(printableLines(text, true)).toBe(text);
    expect(printableLines(text, false)).toBe('\\u{1b}[31ma\\u{1b}[39m\nb');
  });

  it.each([
    '\u001b[8m',
    '\u001b[30m',
    '\u001b[31;8m',
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u009b31m',
    '\u0007[31m',
  ])('lets no other sequence through: %j', (text) => {
    expect(printableLines(text, true)).not.toMatch(/\p{Cc}/u);
  });
});

describe('printableJson', () => {
  it('escapes what a terminal might obey, and keeps the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printableJson(JSON.stringify({ text }, null, 2));
        expect(shown).toMatch(/^([^\p{C}\p{Zl}\p{Zp}]|\n)*$/u);
        expect(JSON.parse(shown)).toEqual({ text });
      }),
      { numRuns: 300 },
    );
  });

  it('escapes a character beyond the basic plane as its two halves', () => {
    expect(printableJson('"\u{e0041}\u009b"')).toBe('"\\udb40\\udc41\\u009b"');
  });
});
