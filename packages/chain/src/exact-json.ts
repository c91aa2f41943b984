/** A JSON value whose numbers are still text. */
export type ExactJson =
  | string
  | boolean
  | null
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/**
 * `JSON.parse` with every number as the text that stood there, `0.10000000` and not a float: Core
 * writes amounts as JSON numbers. A string and a number with the same characters become equal, as
 * Core itself takes either for an amount.
 * @throws SyntaxError on what is not JSON
 */
export const parseExactJson = (text: string): ExactJson => {
  // First as it stands: quoting could make JSON out of what is none, such as {1:2} or 007.
  JSON.parse(text);
  return JSON.parse(text.replace(stringOrNumber, (token) => quoteNumber(token))) as ExactJson;
};

/** In valid JSON a digit or minus outside a string begins a number, and strings are matched whole. */
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/g;

const quoteNumber = (token: string): string => (token.startsWith('"') ? token : `"${token}"`);
