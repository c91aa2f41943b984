import { formatHex, sha256 } from '@qoima/primitives';

/** Longer than any script of 15 keys is told by its hash: a file may hold megabytes of it. */
const SHOWN_BYTES = 600;

/** A script as a fact of a finding: hex, or length and SHA-256 of one that nobody would read. */
export const scriptText = (script: Uint8Array): string =>
  script.length <= SHOWN_BYTES
    ? formatHex(script)
    : `${script.length} bytes with SHA-256 ${formatHex(sha256(script))}`;
