/**
 * The Nano S Plus draws two fonts of 11 pixels, Open Sans regular and extra bold. How wide their
 * characters are decides where lines break; how high they stand decides what a reader of the screen takes
 * for a new line. Each row is a number of pixels and the ASCII characters that have it.
 */

export interface Font {
  /** Pixels that a character moves on. Zero for what the font does not have. */
  readonly widths: ReadonlyMap<string, number>;
  /** First row with ink, and the row after the last, from the top of the line. */
  readonly boxes: ReadonlyMap<string, readonly [number, number]>;
}

const byCharacter = <T>(rows: readonly (readonly [T, string])[]): ReadonlyMap<string, T> =>
  new Map(rows.flatMap(([value, characters]) => characters.split('').map((each) => [each, value])));

const upright = '!#%&/0123456789?ABCDEFGHIKLMNOPRSTUVWXYZ\\bdfhikl';

const regularBoxes = byCharacter<readonly [number, number]>([
  [[2, 4], '`'],
  [[2, 14], ' '],
  [[3, 5], '"\''],
  [[3, 8], '*^'],
  [[3, 11], upright],
  [[3, 12], '@'],
  [[3, 13], '()JQ[]{}'],
  [[3, 14], 'j|'],
  [[4, 10], '<>'],
  [[4, 11], '$t'],
  [[5, 11], ':acemnorsuvwxz'],
  [[5, 13], ';'],
  [[5, 14], 'gpqy'],
  [[6, 8], '~'],
  [[6, 9], '+='],
  [[8, 9], '-'],
  [[10, 11], '.'],
  [[10, 13], ','],
  [[12, 13], '_'],
]);

export const REGULAR: Font = {
  widths: byCharacter([
    [2, "'"],
    [3, ' !(),.:;IJijl'],
    [4, '"-/[\\]rt{}'],
    [5, '?_cfsz'],
    [6, '$*+012356789<=>EFLSYZ^`aegkvxy|~'],
    [7, '#ABCKPRTVXbdhnopqu'],
    [8, '4DGHNU'],
    [9, '%&OQw'],
    [10, '@MWm'],
  ]),
  boxes: regularBoxes,
};

/** Titles and what both buttons choose. */
export const BOLD: Font = {
  widths: byCharacter([
    [3, " !',.:;"],
    [4, '()-IJijl'],
    [5, '/<>[\\]rt{}'],
    [6, '"$*+15=?EFLSTV^_cfsz|~'],
    [7, '#237BCPYZ`abdeghknopquvxy'],
    [8, '04689ADGHKRUX'],
    [9, '&NOQ'],
    [10, '@mw'],
    [11, '%MW'],
  ]),
  boxes: byCharacter<readonly [number, number]>([
    [[2, 4], '`'],
    [[2, 12], '$'],
    [[2, 14], ' '],
    [[3, 6], '"\''],
    [[3, 8], '*^'],
    [[3, 11], upright],
    [[3, 12], '@'],
    [[3, 13], '()Q[]{}'],
    [[3, 14], 'Jj|'],
    [[4, 9], '+'],
    [[4, 11], '<>t'],
    [[5, 11], ':acemnorsuvwxz'],
    [[5, 12], ';'],
    [[5, 14], 'gpqy'],
    [[6, 8], '~'],
    [[6, 9], '='],
    [[7, 9], '-'],
    [[9, 11], '.'],
    [[9, 12], ','],
    [[12, 13], '_'],
  ]),
};

/** The regular font of the older graphics library, under app 2.3.0: three characters are wider. */
export const OLD_REGULAR: Font = {
  widths: new Map([...REGULAR.widths, ['J', 4], ['j', 4], ['_', 6]]),
  boxes: regularBoxes,
};
