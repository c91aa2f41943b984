import { compareBytes, formatUtf8, isQoimaError, parseBase64, parseHex } from '@qoima/primitives';
import { decodePsbt, MAX_PSBT_BYTES, PSBT_MAGIC } from './decode.ts';
import { psbtError } from './errors.ts';
import type { Psbt } from './record.ts';

/**
 * Reads the contents of a file as a PSBT: binary, base64 (BIP-174) or hex, told apart by how they
 * begin. White space in a text is passed over, since mail and editors put it in.
 * @throws `PSBT_TOO_LARGE`, `PSBT_NOT_A_PSBT`, and as `decodePsbt`
 */
export const parsePsbt = (file: Uint8Array): Psbt => {
  if (file.length > MAX_PSBT_BYTES) {
    throw psbtError('PSBT_TOO_LARGE', `The file has ${file.length} bytes.`, {
      expected: MAX_PSBT_BYTES,
      actual: file.length,
    });
  }
  if (compareBytes(file.subarray(0, 5), PSBT_MAGIC) === 0) return decodePsbt(file);
  return decodePsbt(bytesOfText(file));
};

/** A way to write bytes as text: `bytes` of them in each group of `letters`. */
interface TextForm {
  readonly letters: number;
  readonly bytes: number;
  readonly parse: (text: string) => Uint8Array;
}

const base64: TextForm = { letters: 4, bytes: 3, parse: parseBase64 };
const hex: TextForm = { letters: 2, bytes: 1, parse: parseHex };

const bytesOfText = (file: Uint8Array): Uint8Array => {
  const start = firstLetters(file, 10);
  try {
    if (start.startsWith('cHNidP')) return decodeText(file, base64);
    if (/^70736274ff/i.test(start)) return decodeText(file, hex);
  } catch (error) {
    if (!isQoimaError(error, 'BYTES_INVALID')) throw error;
    throw notAllOfIt(error);
  }
  throw psbtError(
    'PSBT_NOT_A_PSBT',
    file.length === 0
      ? 'The file is empty.'
      : 'The file begins neither with the magic of a PSBT nor with its base64 or hex.',
  );
};

/** Enough of them tell base64 from hex, wherever they stand. */
const firstLetters = (file: Uint8Array, count: number): string => {
  const letters: number[] = [];
  for (const letter of file) {
    if (letters.length === count) break;
    if (!isSpace(letter)) letters.push(letter);
  }
  return formatUtf8(Uint8Array.from(letters));
};

const notAllOfIt = (cause?: unknown): Error => {
  const what = 'The file begins like a PSBT in text, but not all of it is base64 or hex.';
  return psbtError('PSBT_NOT_A_PSBT', what, {}, cause);
};

/** So many letters are decoded at a time, in whole groups of either form. */
const CHUNK_LETTERS = 1 << 16;

/**
 * Piece by piece, because one text of a large file, and another without its white space, would take
 * many times its memory.
 */
const decodeText = (file: Uint8Array, form: TextForm): Uint8Array => {
  const letters = countLetters(file);
  const bytes = new Uint8Array(Math.ceil(letters / form.letters) * form.bytes);
  const chunk = new Uint8Array(Math.min(letters, CHUNK_LETTERS));
  let read = 0;
  let done = 0;
  let inChunk = 0;
  for (const letter of file) {
    if (isSpace(letter)) continue;
    chunk[inChunk++] = letter;
    read++;
    if (inChunk < chunk.length && read < letters) continue;
    const decoded = form.parse(formatUtf8(chunk.subarray(0, inChunk)));
    bytes.set(decoded, done);
    done += decoded.length;
    // The padding of base64 makes a chunk shorter, and stands at the end of a text alone.
    if (read < letters && decoded.length * form.letters < inChunk * form.bytes) throw notAllOfIt();
    inChunk = 0;
  }
  return bytes.subarray(0, done);
};

const countLetters = (file: Uint8Array): number => {
  let letters = 0;
  for (const letter of file) if (!isSpace(letter)) letters++;
  return letters;
};

/** Space, tab, line feed, carriage return. */
const isSpace = (letter: number): boolean =>
  letter <= 0x20 && (letter === 0x20 || letter === 0x09 || letter === 0x0a || letter === 0x0d);
