import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { equalBytes, excerpt } from '@qoima/primitives';
import { createWholeFile, readFileBounded } from './durable-file.ts';
import { journalError } from './errors.ts';
import { withFile } from './file-error.ts';
import { isThere } from './folder.ts';
import { removeLeftovers, temporaryName } from './leftovers.ts';

/**
 * Writes a file for somebody else to read (mode 0600, atomically), and never over another one: the same
 * content is no error, any other is. Of two programs that write the same path at once one fails.
 * @throws `FILE_EXISTS`, `FILE_…`
 */
export const writeNewFile = (path: string, bytes: Uint8Array): void => {
  checkName(path);
  if (isThere(path)) removeLeftovers(dirname(path), basename(path));
  else if (createWholeFile(path, bytes)) return;
  if (!holds(path, bytes)) {
    throw journalError('FILE_EXISTS', `${path} is there already, with other content.`, { path });
  }
};

/**
 * Refuses a path at which `writeNewFile` would refuse to write `bytes` or, while nobody knows the bytes,
 * anything. A program asks before it does what it cannot do twice, so that a wrong path costs nothing.
 * @throws `FILE_EXISTS`, `FILE_NAME_INVALID`, `FILE_NOT_FOUND` (no such folder), `FILE_NOT_REGULAR`,
 * `FILE_PERMISSION`, `FILE_READ_ONLY`
 */
export const checkNewFile = (path: string, bytes?: Uint8Array): void => {
  checkName(path);
  withFile(path, 'write', () => {
    accessSync(dirname(path), constants.W_OK);
    if (!statSync(dirname(path)).isDirectory()) {
      throw journalError('FILE_NOT_REGULAR', `${dirname(path)} is not a folder.`, { path });
    }
    // For what the file system says of a name as long as the one that the file has first.
    lstatSync(temporaryOf(path), { throwIfNoEntry: false });
  });
  if (isTaken(path) && (bytes === undefined || !holds(path, bytes))) {
    throw journalError('FILE_EXISTS', `${path} is there already.`, { path });
  }
};

const checkName = (path: string): void => {
  // `basename` would name the folder of a path that ends with a separator.
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!['', '.', '..'].includes(name) && !path.includes('\0')) return;
  throw journalError('FILE_NAME_INVALID', `${excerpt(path)} is no path of a file.`, { path });
};

const temporaryOf = (path: string): string => join(dirname(path), temporaryName(basename(path)));

/** Whether a name is in use, be it of a link that leads nowhere. */
const isTaken = (path: string): boolean =>
  withFile(path, 'read', () => lstatSync(path, { throwIfNoEntry: false }) !== undefined);

const holds = (path: string, bytes: Uint8Array): boolean =>
  isThere(path) && equalBytes(readFileBounded(path, MAX_COMPARED_BYTES), bytes);

const MAX_COMPARED_BYTES = 1 << 28;
