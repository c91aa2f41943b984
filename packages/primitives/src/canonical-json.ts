import { parseUtf8 } from './bytes.ts';
import type { JsonValue } from './error.ts';
import { sha256 } from './hash.ts';

/**
 * The one text of a JSON value: keys in code-unit order, no white space, numbers only safe integers
 * (RFC 8785 narrowed to what Qoima writes). Equal values give equal bytes on every machine, so a
 * hash over it can stand for the value.
 */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Error('only safe integers are canonical: write other numbers as strings');
  }
  if (typeof value !== 'object' || value === null) {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new Error('undefined is no JSON value: leave the member out');
    return text;
  }
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
};

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** SHA-256 of the canonical text in UTF-8: 32 bytes. */
export const hashJson = (value: JsonValue): Uint8Array => sha256(parseUtf8(canonicalJson(value)));
