import { formatHex } from '@qoima/primitives';

/** As long as a script that P2SH can hold may be (BIP-16). */
const shownBytes = 520;

/** A script for `details`: whole, unless somebody made it longer than any of ours. */
export const scriptHex = (script: Uint8Array): string => formatHex(script.subarray(0, shownBytes));
