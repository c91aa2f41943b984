import { isQoimaError, parseBase64, parseHex, parseUtf8, type QoimaError } from '@qoima/primitives';
import { readVectors, type VectorEntry } from '../../../scripts/read-vectors.ts';
import { decodePsbt, encodePsbt, type Psbt, parsePsbt } from '../src/index.ts';

/** An entry of the PSBT vector files that holds one PSBT. */
export interface PsbtEntry extends VectorEntry {
  readonly description?: string;
  readonly base64: string;
  readonly hex?: string;
  readonly expected_locktime?: number;
  readonly core_error?: string;
  readonly core_decodepsbt?: string;
}

/** Entries of a file, those of the named kinds only. */
export const psbtEntries = (path: string, ...kinds: readonly string[]): readonly PsbtEntry[] =>
  readVectors<PsbtEntry>(path).entries.filter((entry) => kinds.includes(entry.kind));

/** A title for a test: the id, and the BIP's own sentence where there is one. */
export const titleOf = ({ id, description }: PsbtEntry): string =>
  description === undefined ? id : `${id}: ${description}`;

/** The PSBT in each way in which the entry writes it, all read through the door for files. */
export const parsedForms = ({ base64, hex }: PsbtEntry): readonly Psbt[] => {
  const forms = [parseUtf8(base64)];
  if (hex !== undefined) forms.push(parseUtf8(hex), parseHex(hex));
  return forms.map(parsePsbt);
};

export const encodedAgain = (bytes: Uint8Array): Uint8Array => encodePsbt(decodePsbt(bytes));

export const bytesOf = ({ base64 }: PsbtEntry): Uint8Array => parseBase64(base64);

/** The typed error of a call; anything else that it does fails the test. */
export const errorOf = (call: () => unknown): QoimaError => {
  try {
    call();
  } catch (error) {
    if (isQoimaError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

export const codeOf = (call: () => unknown): string => errorOf(call).code;
