import fc from 'fast-check';

/** The letters that each kind of text is made of, and a few that it is not. */
const letters = {
  base58: '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl ',
  bech32: 'qpzry9x8gf2tvdw0s3jn54khce6mua7lQPZRYbio1 ',
  descriptor: "0123456789abcdefhxpubtprvsortedmultiwsh()[]{}<>;,/*@#'H ",
  json: '0123456789abcdef"\\:,{}[]/\n \'-.eE+',
  path: "0123456789mhH'/ -abcdef",
} as const;

type Edit = (text: string, other: string) => string;

const place = fc.nat(0x7fffffff);

/** A text with up to three things done to it: letters changed, put in, taken out, a piece of another. */
export const damagedText = (
  texts: readonly string[],
  kind: keyof typeof letters,
): fc.Arbitrary<string> => {
  const letter = fc.constantFrom(...letters[kind].split(''));
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    fc.tuple(place, letter).map(
      ([at, one]): Edit =>
        (text) =>
          splice(text, at, 1, one),
    ),
    fc.tuple(place, letter).map(
      ([at, one]): Edit =>
        (text) =>
          splice(text, at, 0, one),
    ),
    fc.tuple(place, fc.nat(6)).map(
      ([at, length]): Edit =>
        (text) =>
          splice(text, at, length, ''),
    ),
    // Two pieces change places, or one is there twice.
    fc.tuple(place, place, fc.nat(40)).map(
      ([at, from, length]): Edit =>
        (text, other) =>
          splice(text, at, length, other.slice(from % (other.length + 1)).slice(0, length)),
    ),
    fc.constant<Edit>((text) => text.toUpperCase()),
    fc.tuple(place, fc.integer({ min: 0, max: 0x10ffff })).map(
      ([at, code]): Edit =>
        (text) =>
          splice(text, at, 0, String.fromCodePoint(code)),
    ),
  );
  return fc
    .tuple(
      fc.constantFrom(...texts),
      fc.constantFrom(...texts),
      fc.array(edit, { minLength: 0, maxLength: 3 }),
    )
    .map(([text, other, edits]) => edits.reduce((now, change) => change(now, other), text));
};

const splice = (text: string, at: number, length: number, piece: string): string => {
  const start = at % (text.length + 1);
  return `${text.slice(0, start)}${piece}${text.slice(start + length)}`;
};
