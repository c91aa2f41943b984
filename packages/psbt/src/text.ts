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

const bytesOfText = (file: Uint8Array): Uint8Array => {
  const start = formatUtf8(file.subarray(0, 100)).trimStart();
  try {
    if (start.startsWith('cHNidP')) return parseBase64(withoutSpace(file));
    if (/^70736274ff/i.test(start)) return parseHex(withoutSpace(file));
  } catch (error) {
    if (!isQoimaError(error, 'BYTES_INVALID')) throw error;
    const what = 'The file begins like a PSBT in text, but not all of it is base64 or hex.';
    throw psbtError('PSBT_NOT_A_PSBT', what, {}, error);
  }
  throw psbtError(
    'PSBT_NOT_A_PSBT',
    file.length === 0
      ? 'The file is empty.'
      : 'The file begins neither with the magic of a PSBT nor with its base64 or hex.',
  );
};

const withoutSpace = (file: Uint8Array): string => formatUtf8(file).replace(/[\t\n\r ]+/g, '');
