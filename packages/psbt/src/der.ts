import { compareBytes, parseHex } from '@qoima/primitives';
import { psbtError } from './errors.ts';

/** Half the order of secp256k1, rounded down: the greatest s that BIP-146 allows. */
const HALF_ORDER = parseHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0');

/** The order of secp256k1. */
const ORDER = parseHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141');

const zero = new Uint8Array(32);

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
  const r = readInteger(bytes, 2, length, 'r');
  const s = readInteger(bytes, r.end, length, 's');
  if (s.end !== length) throw refused(`${length - s.end} bytes follow s`, s.end);
  if (compareBytes(s.value, HALF_ORDER) > 0) throw refused('s is above half the order', r.end);
  const compact = new Uint8Array(64);
  compact.set(r.value);
  compact.set(s.value, 32);
  return { compact, flag };
};

/** The DER form of r ‖ s (64 bytes) and the flag behind it. Does not look at the range of r and s. */
export const encodeSignature = ({ compact, flag }: EcdsaSignature): Uint8Array => {
  const r = integerOf(compact.subarray(0, 32));
  const s = integerOf(compact.subarray(32, 64));
  const body = [0x02, r.length, ...r, 0x02, s.length, ...s];
  return Uint8Array.of(0x30, body.length, ...body, flag);
};

/** A positive DER integer: no more zeros in front than its sign needs. */
const integerOf = (value: Uint8Array): Uint8Array => {
  let start = 0;
  while (start < 31 && value[start] === 0) start++;
  const digits = value.subarray(start);
  return (digits[0] as number) < 0x80 ? digits : Uint8Array.of(0, ...digits);
};

/** One integer of the sequence, as 32 bytes, and where it ends. */
const readInteger = (
  bytes: Uint8Array,
  start: number,
  limit: number,
  name: string,
): { value: Uint8Array; end: number } => {
  const length = bytes[start + 1] as number;
  const end = start + 2 + length;
  if (start + 2 > limit || bytes[start] !== 0x02) throw refused(`${name} is not an integer`, start);
  if (length === 0 || end > limit) throw refused(`the length of ${name} does not fit`, start + 1);
  const digits = bytes.subarray(start + 2, end);
  const [first = 0, second = 0] = digits;
  if (first >= 0x80) throw refused(`${name} is negative`, start + 2);
  if (first === 0 && length > 1 && second < 0x80) {
    throw refused(`${name} has a zero too many`, start + 2);
  }
  const significant = first === 0 ? digits.subarray(1) : digits;
  const value = new Uint8Array(32);
  if (significant.length > 32) throw refused(`${name} is out of range`, start + 2);
  value.set(significant, 32 - significant.length);
  if (compareBytes(value, zero) === 0 || compareBytes(value, ORDER) >= 0) {
    throw refused(`${name} is out of range`, start + 2);
  }
  return { value, end };
};

const refused = (reason: string, offset: number): Error =>
  psbtError('PSBT_SIGNATURE_ENCODING', `The signature is not as it must be: ${reason}.`, {
    reason,
    offset,
  });
