import { parseHex } from '@qoima/primitives';
import { psbtError } from './errors.ts';

/** Half the order of secp256k1, rounded down: the greatest s that BIP-146 allows. */
const HALF_ORDER = parseHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** The order of secp256k1. */
const ORDER = parseHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

/** A signature as a script sees it, taken apart. */
export interface EcdsaSignature {
  /** r ‖ s, 64 bytes. */
  readonly compact: Uint8Array;
  /** The sighash flag, the last byte of the encoded signature. */
  readonly flag: number;
}

/**
 * Reads an ECDSA signature with its sighash flag: strict DER (BIP-66), r and s from 1 to the order,
 * s in the lower half (BIP-146). Which flag it has is for the caller to judge.
 * @throws `PSBT_SIGNATURE_ENCODING`
 */
export const decodeSignature = (bytes: Uint8Array): EcdsaSignature => {
  const flag = bytes.at(-1);
  const length = bytes.length - 1;
  if (flag === undefined || length < 8 || length > 72) {
    throw refused(`it has ${bytes.length} bytes, and 9 to 73 are possible`, 0);
  }
  if (bytes[0] !== 0x30) throw refused('it is not a DER sequence', 0);
  if (bytes[1] !== length - 2) throw refused('its length does not fit', 1);
  const compact = new Uint8Array(64);
  const middle = readInteger(bytes, 2, length, 'r', compact, R);
  const end = readInteger(bytes, middle, length, 's', compact, S);
  if (end !== length) throw refused(`${length - end} bytes follow s`, end);
  if (compareScalar(compact, S, HALF_ORDER) > 0) throw refused('s is above half the order', middle);
  return { compact, flag };
};

/** The DER form of r ‖ s (64 bytes) and the flag behind it. Does not look at the range of r and s. */
export const encodeSignature = ({ compact, flag }: EcdsaSignature): Uint8Array => {
  const body = 4 + integerLength(compact, R) + integerLength(compact, S);
  const bytes = new Uint8Array(body + 3);
  bytes[0] = 0x30;
  bytes[1] = body;
  const middle = putInteger(bytes, 2, compact, R);
  const end = putInteger(bytes, middle, compact, S);
  bytes[end] = flag;
  return bytes;
};

/** Where r and s begin in r ‖ s. They are read and written in place: thousands of views cost more. */
const R = 0;
const S = 32;

/** Of a positive DER integer: no more zeros in front than its sign needs. */
const integerLength = (compact: Uint8Array, at: number): number => {
  let start = 0;
  while (start < 31 && compact[at + start] === 0) start++;
  return 32 - start + ((compact[at + start] as number) < 0x80 ? 0 : 1);
};

/** Puts the integer of 32 bytes that is at `at` to `start`, and tells where it ends. */
const putInteger = (bytes: Uint8Array, start: number, compact: Uint8Array, at: number): number => {
  const length = integerLength(compact, at);
  bytes[start] = 0x02;
  bytes[start + 1] = length;
  const end = start + 2 + length;
  for (let back = 1; back <= Math.min(length, 32); back++) {
    bytes[end - back] = compact[at + 32 - back] as number;
  }
  return end;
};

/** Reads one integer of the sequence into the 32 bytes at `at`, and tells where it ends. */
const readInteger = (
  bytes: Uint8Array,
  start: number,
  limit: number,
  name: string,
  compact: Uint8Array,
  at: number,
): number => {
  const length = bytes[start + 1] as number;
  const digits = start + 2;
  const end = digits + length;
  if (digits > limit || bytes[start] !== 0x02) throw refused(`${name} is not an integer`, start);
  if (length === 0 || end > limit) throw refused(`the length of ${name} does not fit`, start + 1);
  const first = bytes[digits] as number;
  if (first >= 0x80) throw refused(`${name} is negative`, digits);
  if (first === 0 && length > 1 && (bytes[digits + 1] as number) < 0x80) {
    throw refused(`${name} has a zero too many`, digits);
  }
  const significant = first === 0 ? length - 1 : length;
  if (significant > 32) throw refused(`${name} is out of range`, digits);
  for (let back = 1; back <= significant; back++) {
    compact[at + 32 - back] = bytes[end - back] as number;
  }
  if (significant === 0 || compareScalar(compact, at, ORDER) >= 0) {
    throw refused(`${name} is out of range`, digits);
  }
  return end;
};

/** How the 32 bytes at `at` compare with a number of 32 bytes: negative, zero or positive. */
const compareScalar = (compact: Uint8Array, at: number, bound: Uint8Array): number => {
  for (let i = 0; i < 32; i++) {
    const difference = (compact[at + i] as number) - (bound[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
};

const refused = (reason: string, offset: number): Error =>
  psbtError('PSBT_SIGNATURE_ENCODING', `The signature is not as it must be: ${reason}.`, {
    reason,
    offset,
  });
