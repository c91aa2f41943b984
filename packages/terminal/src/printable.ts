/**
 * Foreign text made safe to show on one line. Every control, format, bidirectional, invisible or
 * unassigned character becomes a visible `\u{…}`, so that no name in a file can move the cursor,
 * hide what stands beside it or begin a line of its own.
 *
 * Letters that look alike are left as they are.
 */
export const printable = (text: string): string => text.replace(UNSAFE, escapeCharacter);

/**
 * The same for text of several lines that a program composed itself: line feeds stay, and, with
 * `keepColors`, the few colour codes of `Colors` too.
 */
export const printableLines = (text: string, keepColors: boolean): string =>
  text.replace(UNSAFE_OR_COLOR, (match) => {
    if (match === '\n') return match;
    if (match.length > 2 && match.startsWith(ESCAPE) && keepColors) return match;
    const first = String.fromCodePoint(match.codePointAt(0) as number);
    return escapeCharacter(first) + match.slice(first.length);
  });

/** The text of a JSON value, the same value with its unsafe characters as JSON escapes. */
export const printableJson = (json: string): string =>
  json.replace(UNSAFE, (character) =>
    character === '\n' ? character : [...units(character)].map(jsonEscape).join(''),
  );

/**
 * Unicode's classes of other characters, its line and paragraph separators, and what leaves no mark: all that
 * a font may ignore (DI: fillers, joiners, variation selectors) and the Braille pattern without a dot.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{DI}\u2800]/gu;

/** `Cc [ n m` is a colour code if that first character is ESC: bold, dim, and four colours. */
const UNSAFE_OR_COLOR = new RegExp(
  String.raw`\p{Cc}\[(?:0|1|2|22|31|32|33|36|39)m|${UNSAFE.source}`,
  'gu',
);

const ESCAPE = '\u001b';

const escapeCharacter = (character: string): string =>
  `\\u{${(character.codePointAt(0) as number).toString(16)}}`;

const units = (character: string): number[] =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));

const jsonEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
