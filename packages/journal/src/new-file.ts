import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { equalBytes } from '@qoima/primitives';
import { readFileBounded, writeFileAtomically } from './durable-file.ts';
import { journalError } from './errors.ts';
import { withFile } from './file-error.ts';
import { isThere } from './folder.ts';

/**
 * Writes a file for somebody else to read (mode 0600, atomically), and never over another one: the same
 * content is no error, any other is.
 * @throws `FILE_EXISTS`, `FILE_…`
 */
export const writeNewFile = (path: string, bytes: Uint8Array): void => {
  if (!isThere(path)) {
    writeFileAtomically(path, bytes);
  } else if (!holds(path, bytes)) {
    throw journalError('FILE_EXISTS', `${path} is there already, with other content.`, { path });
  }
};

/**
 * Refuses a path at which `writeNewFile` would refuse to write `bytes` or, while nobody knows the bytes,
 * anything. A program asks before it does what it cannot do twice, so that a wrong path costs nothing.
 * @throws `FILE_EXISTS`, `FILE_NOT_FOUND` (no such folder), `FILE_NOT_REGULAR`, `FILE_PERMISSION`,
 * `FILE_READ_ONLY`
 */
export const checkNewFile = (path: string, bytes?: Uint8Array): void => {
  withFile(path, 'write', () => {
    accessSync(dirname(path), constants.W_OK);
    if (!statSync(dirname(path)).isDirectory()) {
      throw journalError('FILE_NOT_REGULAR', `${dirname(path)} is not a folder.`, { path });
    }
  });
  if (isThere(path) && (bytes === undefined || !holds(path, bytes))) {
    throw journalError('FILE_EXISTS', `${path} is there already.`, { path });
  }
};

const holds = (path: string, bytes: Uint8Array): boolean =>
  equalBytes(readFileBounded(path, MAX_COMPARED_BYTES), bytes);

const MAX_COMPARED_BYTES = 1 << 28;
