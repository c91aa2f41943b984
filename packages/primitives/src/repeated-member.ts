/**
 * True if an object in a JSON text has a member twice. `JSON.parse` takes the last of two, and another reader
 * the first (RFC 8259, section 4), so a file must not say both. `value` is what `JSON.parse` made of `text`. Linear in
 * both; names are compared as they are meant, however they are escaped.
 */
export const hasRepeatedMember = (text: string, value: unknown): boolean =>
  membersWritten(text) !== membersIn(value);

/**
 * In valid JSON a string before a colon is the name of a member, and nothing else is. Every string is matched,
 * so that none is looked for inside another.
 */
const membersWritten = (text: string): number => {
  let count = 0;
  for (const [, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"([\t\n\r ]*:)?/g)) {
    if (colon !== undefined) count++;
  }
  return count;
};

const membersIn = (value: unknown): number => {
  let count = 0;
  // A list of its own instead of recursion: text of outside may be nested as deep as it is long.
  const left = [value];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    const children: readonly unknown[] = Object.values(one);
    if (!Array.isArray(one)) count += children.length;
    for (const child of children) left.push(child);
  }
  return count;
};
