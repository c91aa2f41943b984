import { BOLD, type Font, REGULAR } from './glyphs.ts';

/** Pixels of a line: the screen's 128 without seven at each side. */
export const LINE_WIDTH = 114;

/** Lines of a value below its title. */
const VALUE_LINES = 3;

/** Lines of a screen without a title. */
const SCREEN_LINES = 4;

/** What a line may be broken after. */
const DELIMITERS: ReadonlySet<string> = new Set([' ', '-', '_']);

/** A screen of a title alone, or of a message: its lines as they wrap. */
export const plainScreen = (text: string, font: Font = REGULAR): string =>
  joined(drawnLines(text, font, SCREEN_LINES).map((line) => seen(line, font)));

/** A screen of a bold title with text below. */
export const titledScreen = (title: string, text: string): string =>
  joined([seen(title, BOLD), ...seenValue(text)]);

/**
 * A title and its value, over as many screens as the value takes; the title then counts them. A screen is
 * drawn from where it begins without regard to where the next one does: the two break lines by different
 * rules, and after an empty line a screen ends with what the next begins with.
 */
export const valueScreens = (title: string, value: string): readonly string[] => {
  const pages = pageCount(value);
  let rest = value;
  return Array.from({ length: pages }, (_, page) => {
    const heading = pages === 1 ? title : `${title} (${page + 1}/${pages})`;
    const screen = joined([seen(heading, BOLD), ...seenValue(rest)]);
    rest = rest.slice(pageLength(rest));
    if (rest.startsWith('\n')) rest = rest.slice(1);
    return screen;
  });
};

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

const seenValue = (text: string): readonly string[] =>
  drawnLines(text, REGULAR, VALUE_LINES).map((line) => seen(line, REGULAR));

/** The lines of a text that are drawn, of `most` that there is room for. */
const drawnLines = (text: string, font: Font, most: number): readonly string[] => {
  const lines: string[] = [];
  let rest = text;
  for (let left = Math.min(lineCount(text, font), most); left > 0; left--) {
    const length = drawnLength(rest, font);
    lines.push(rest.slice(0, length));
    rest = rest.slice(length);
    // Of empty lines, the first is passed over in this way.
    if (rest.startsWith('\n')) rest = rest.slice(1);
  }
  return lines;
};

/** How many characters a line takes when it is drawn, with the line feed that ends it. */
const drawnLength = (text: string, font: Font): number => {
  let width = 0;
  let breakAt = 0;
  for (const [at, character] of text.split('').entries()) {
    if (character === '\n') return at + 1;
    const advance = font.widths.get(character) ?? 0;
    if (advance === 0) continue;
    // Not at the beginning: a line of a delimiter alone is no line.
    if (DELIMITERS.has(character) && width > 0) breakAt = at + 1;
    if (width + advance > LINE_WIDTH) return breakAt > 0 ? breakAt : at;
    width += advance;
  }
  return text.length;
};

const lineCount = (text: string, font: Font): number => {
  const { ends, width } = lineEnds(text, font);
  return ends.length + (width > 0 ? 1 : 0);
};

/** A line feed at the very end of a full screen begins no other; the end of a full line does. */
const pageCount = (text: string): number => {
  let [pages, lines] = [1, 0];
  for (const end of lineEnds(text, REGULAR).ends) {
    lines++;
    if (lines < VALUE_LINES || (end === text.length && text.endsWith('\n'))) continue;
    pages++;
    lines = 0;
  }
  return pages;
};

/** Characters of a value that one screen counts as shown. A line feed after them is passed over. */
const pageLength = (text: string): number => {
  const end = lineEnds(text, REGULAR).ends[VALUE_LINES - 1] ?? text.length;
  return text[end - 1] === '\n' ? end - 1 : end;
};

/** Where each line but the last ends as lines are counted, after its line feed; and how wide the last is. */
const lineEnds = (
  text: string,
  font: Font,
): { readonly ends: readonly number[]; readonly width: number } => {
  const ends: number[] = [];
  let width = 0;
  let breakAt: number | undefined;
  let at = 0;
  const end = (next: number): void => {
    ends.push(next);
    [at, width, breakAt] = [next, 0, undefined];
  };
  while (at < text.length) {
    const character = text[at] as string;
    const advance = font.widths.get(character) ?? 0;
    if (DELIMITERS.has(character)) breakAt = at + 1;
    if (character === '\n') end(at + 1);
    else if (width + advance > LINE_WIDTH) end(breakAt ?? at);
    else {
      width += advance;
      at++;
    }
  }
  return { ends, width };
};
