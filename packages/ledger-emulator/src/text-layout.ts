import { BOLD, type Font, REGULAR } from './glyphs.ts';

/** Pixels of a line: the screen's 128 without seven at each side. */
export const LINE_WIDTH = 114;

/** Lines of a value below its title. */
const VALUE_LINES = 3;

/** What a line may be broken after. */
const DELIMITERS: ReadonlySet<string> = new Set([' ', '-', '_']);

/** A text wrapped into lines: at line feeds, else after the last delimiter that fits, else anywhere. */
const wrap = (text: string, font: Font = REGULAR): readonly string[] => {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let rest = paragraph;
    do {
      const length = fittingLength(rest, font);
      lines.push(rest.slice(0, length));
      rest = rest.slice(length);
    } while (rest.length > 0);
  }
  return lines;
};

/** A screen of a title alone, or of a message: its lines as they wrap. */
export const plainScreen = (text: string, font: Font = REGULAR): string =>
  joined(wrap(text, font).map((line) => seen(line, font)));

/** A screen of a bold title with text below. */
export const titledScreen = (title: string, text: string): string =>
  joined([seen(title, BOLD), ...wrap(text).map((line) => seen(line, REGULAR))]);

/** A title and its value, over as many screens as the value takes; the title then counts them. */
export const valueScreens = (title: string, value: string): readonly string[] =>
  pagedScreens(title, wrap(value), REGULAR);

/** Lines of a value in threes, each three under the title and their number. */
export const pagedScreens = (
  title: string,
  lines: readonly string[],
  font: Font,
): readonly string[] => {
  const pages = Math.max(1, Math.ceil(lines.length / VALUE_LINES));
  return Array.from({ length: pages }, (_, page) => {
    const heading = pages === 1 ? title : `${title} (${page + 1}/${pages})`;
    const own = lines.slice(page * VALUE_LINES, (page + 1) * VALUE_LINES);
    return joined([seen(heading, BOLD), ...own.map((line) => seen(line, font))]);
  });
};

/**
 * A line as the screen's reader gives it back. It takes a character that begins below everything before
 * it for the beginning of another line: a comma after asterisks alone, an underscore after capitals.
 */
const seen = (line: string, font: Font): string => {
  let text = '';
  let [top, bottom] = [0, Number.POSITIVE_INFINITY];
  for (const character of line) {
    const box = font.boxes.get(character);
    if (box === undefined) continue;
    const below = box[0] >= bottom;
    text += below ? ` | ${character}` : character;
    const fresh = below || bottom === Number.POSITIVE_INFINITY;
    top = fresh ? box[0] : Math.min(top, box[0]);
    bottom = fresh ? box[1] : Math.max(bottom, box[1]);
  }
  return text;
};

const joined = (lines: readonly string[]): string =>
  lines.filter((line) => line !== '').join(' | ');

/** How many characters of a paragraph its first line takes. */
const fittingLength = (text: string, font: Font): number => {
  let width = 0;
  let breakAt = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    const advance = font.widths.get(character) ?? 0;
    if (advance === 0) continue;
    if (DELIMITERS.has(character) && width > 0) breakAt = at + 1;
    if (width + advance > LINE_WIDTH) return breakAt > 0 ? breakAt : at;
    width += advance;
  }
  return text.length;
};
