/** One row of a table: its cells by their column's heading, white space around them removed. */
export type MarkdownRow = ReadonlyMap<string, string>;

/**
 * The rows of the one table whose first heading is `firstHeading`. A `|` inside a cell is not read.
 * Throws when the text has no such table.
 */
export const readMarkdownTable = (
  markdown: string,
  firstHeading: string,
): readonly MarkdownRow[] => {
  const lines = markdown.split('\n');
  const top = lines.findIndex((line) => cellsOf(line)[0] === firstHeading);
  if (top === -1) throw new Error(`no table begins with the heading "${firstHeading}"`);
  const headings = cellsOf(lines[top] as string);
  const rows: MarkdownRow[] = [];
  for (const line of lines.slice(top + 2)) {
    if (!line.startsWith('|')) break;
    const cells = cellsOf(line);
    if (cells.length !== headings.length) {
      throw new Error(`a row has ${cells.length} cells under ${headings.length} headings: ${line}`);
    }
    rows.push(new Map(headings.map((heading, index) => [heading, cells[index] as string])));
  }
  return rows;
};

/** The names in `code` of a cell, in order. */
export const namesIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

const cellsOf = (line: string): readonly string[] =>
  line.startsWith('|')
    ? line
        .replace(/\|\s*$/, '')
        .slice(1)
        .split('|')
        .map((cell) => cell.trim())
    : [];
