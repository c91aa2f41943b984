import { parseUtf8, sha256 } from '@qoima/primitives';

/**
 * 32 bytes for one purpose of a rehearsal, always the same for the same seed. Not secret, and not
 * random: what is made of them must never guard real coins.
 */
export const seededBytes = (seed: string, purpose: string): Uint8Array =>
  sha256(parseUtf8(`qoima rehearsal\n${purpose}\n${seed}`));
