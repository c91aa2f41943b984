import { isPublicKey } from '@qoima/curve';

/** The first byte of a compressed key whose y is even, as lift_x takes it (BIP-340). */
const EVEN_Y = 0x02;

/**
 * True for 32 bytes that are the x of a point of the curve (BIP-340, lift_x). The program of a P2TR output
 * must be one: without a point neither way of BIP-341 to spend it can ever be taken.
 *
 * Not checked, because nobody can: whether somebody knows its secret key, or a script below it.
 */
export const isTaprootKey = (x: Uint8Array): boolean =>
  x.length === 32 && isPublicKey(Uint8Array.of(EVEN_Y, ...x));
