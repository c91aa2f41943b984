import { primitivesError } from './errors.ts';

/** Joins byte strings into a new one. */
export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

/** Lexicographic order of bytes, shorter first on a common prefix: negative, zero or positive. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** Not constant-time: for public bytes only. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Where these bytes stand in a list of byte strings; −1 if they do not. */
export const indexOfBytes = (list: readonly Uint8Array[], bytes: Uint8Array): number => {
  for (let i = 0; i < list.length; i++) if (equalBytes(list[i] as Uint8Array, bytes)) return i;
  return -1;
};

/** The same bytes as a plain `Uint8Array` over the same memory; keeps `Buffer` behind its adapter. */
const plain = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

const view = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** In lower case, without a prefix. */
export const formatHex = (bytes: Uint8Array): string => view(bytes).toString('hex');

/**
 * Reads hex, without a prefix.
 * @throws `BYTES_INVALID` on anything but an even number of hex digits, either case.
 */
export const parseHex = (text: string): Uint8Array => {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw primitivesError('BYTES_INVALID', `Not hex: ${excerpt(text)}.`);
  }
  return plain(Buffer.from(text, 'hex'));
};

/** RFC 4648 base64 with padding. */
export const formatBase64 = (bytes: Uint8Array): string => view(bytes).toString('base64');

/**
 * RFC 4648 base64 with padding and nothing else in it: no white space, no URL alphabet, no stray bits.
 * @throws `BYTES_INVALID`
 */
export const parseBase64 = (text: string): Uint8Array => {
  const bytes = Buffer.from(text, 'base64');
  // Node skips what it cannot read; encoding again shows whether anything was skipped.
  if (bytes.toString('base64') !== text) {
    throw primitivesError('BYTES_INVALID', `Not base64: ${excerpt(text)}.`);
  }
  return plain(bytes);
};

/** Bytes that are no UTF-8 become U+FFFD; it does not throw. */
export const formatUtf8 = (bytes: Uint8Array): string => view(bytes).toString('utf8');

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export const parseUtf8 = (text: string): Uint8Array => plain(Buffer.from(text, 'utf8'));

/** A bounded, printable piece of foreign text for an error message. */
export const excerpt = (text: string, limit = 40): string => {
  const printable = text.slice(0, limit).replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(text.length > limit ? `${printable}…` : printable);
};
